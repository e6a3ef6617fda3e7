import AuditLog
import Events
import MCP
import NIOCore
import NIOHTTP1
import Policy
import StrictJSON

extension Exchange {
    private var tree: JSONTree { core.scanner.tree }

    // MARK: Requests that policies do not rule

    /// Records a request and lets it go on at once: the policy rules tools.
    func pass(_ request: ClientRequest) {
        let tree = core.scanner.tree
        note(request, in: tree)
        if request.method.known == .initialize, let refusal = refusedSession() {
            return refuse(.overloaded, request, .overloaded, refusal)
        }
        let method = request.method.text(in: tree.bytes)
        let idToken = tree.bytes.withUnsafeBytes { Array($0[request.id.range]) }
        var decision = core.draft(admission, method: method, verdict: .allow, reason: .allowed)
        describe(request, idToken, in: tree, &decision)
        let ticket = core.log.append(isUrgent: false) { _, _ in .decision(decision) }
        open = openRequest(request, method, idToken, tool: nil, cost: nil, isCharged: false)
        open?.ticket = ticket
        open?.decided = core.clock.now()
        forward()
    }

    private func refusedSession() -> String? {
        core.makeRoom(for: admission.grant.id) ? nil : "too many sessions are open"
    }

    // MARK: Tool calls

    /// Decides a call; it goes on when its record is durable.
    func decide(_ request: ClientRequest) {
        // One copy for all that follows: the scanner is the core's, and each look at it would make one.
        let tree = core.scanner.tree
        guard let call = request.call, let name = tree.string(call.name) else { return }
        note(request, in: tree)
        let idToken = tree.bytes.withUnsafeBytes { Array($0[request.id.range]) }
        let policy = admission.policy
        let decision = record(of: call, name, request, idToken, in: tree)
        var examined: Examination?
        if let policy {
            examined = policy.policy.examine(
                Call(tool: name, arguments: call.arguments, in: tree, caller: caller))
        }
        let (argumentDigest, round) = (decision.argumentDigest, decision.round)
        // Moved into the log, not copied: it has some fifty fields.
        var draft: Decision? = decision
        var verdict: PolicyVerdict?
        var decided = Timestamp(microseconds: 0)
        core.commits.arm()
        // The log's critical section is the limiter's: see `Decider`.
        let ticket = core.log.append(deciding: { _, now, isAwaited in
            let started = core.clock.now()
            let found =
                if let policy, let examined {
                    core.recorder.decider.decide(examined, under: policy, now: now)
                } else {
                    PolicyVerdict.withoutPolicy(observing: false)
                }
            // It is there: this runs once.
            var decision = draft.take() ?? core.draft(admission, method: "-", verdict: .deny, reason: .internal)
            found.write(to: &decision)
            decision.decideMicroseconds = Int(core.clock.now().since(started))
            decided = now
            isAwaited = found.passes
            verdict = found
            return .decision(decision)
        })
        guard let ticket, let verdict else {
            var bytes: [UInt8] = []
            AuditUnavailable.append(to: &bytes, id: idToken, isCall: true, era: era, record: nil)
            return answerDenial(.json(.ok, bytes))
        }
        guard verdict.passes else {
            var bytes: [UInt8] = []
            let denial = Denial(verdict, tool: name, record: core.log.name(of: ticket))
            AnswerWriter.append(denial, id: idToken, era: era, to: &bytes)
            return answerDenial(.json(.ok, bytes))
        }
        isTask = call.isTask
        open = openRequest(
            request, MCPMethod.toolsCall.rawValue, idToken, tool: name, cost: verdict.cost,
            isCharged: verdict.verdict == .allow && verdict.limit != nil)
        open?.ticket = ticket
        open?.decided = decided
        open?.argumentDigest = argumentDigest
        open?.round = round
        stage = .committing
        core.commits.add(self)
    }

    /// All that a call's record says before it is decided.
    private func record(
        of call: ToolCall, _ name: String, _ request: ClientRequest, _ idToken: [UInt8], in tree: JSONTree
    ) -> Decision {
        let listed = admission.route.catalog.tool(name)
        let found = listed?.risk ?? admission.route.risk(ofUnlisted: name)
        var decision = core.draft(admission, method: MCPMethod.toolsCall.rawValue, verdict: .deny, reason: .internal)
        describe(request, idToken, in: tree, &decision)
        decision.tool = name
        decision.toolDigest = listed?.digest
        decision.unlisted = listed == nil
        decision.risk = found
        if let policy = admission.policy {
            if listed == nil { decision.unlisted = !policy.policy.names(name) }
            decision.risk = policy.policy.risk(ofTool: name, found: found)
        }
        core.fields.describe(
            call.arguments, in: tree, known: listed?.arguments, key: core.recorder.key, into: &decision)
        decision.round = core.rounds.round(of: call, in: tree, tool: name, decision, key: core.recorder.key)
        return decision
    }

    private func openRequest(
        _ request: ClientRequest, _ method: String, _ idToken: [UInt8], tool: String?, cost: Int?, isCharged: Bool
    ) -> OpenRequest {
        OpenRequest(
            ticket: nil, decided: Timestamp(microseconds: 0), idToken: idToken, era: era,
            method: request.method.known, methodName: method, tool: tool, caller: caller, policy: admission.policy,
            cost: cost, isCharged: isCharged)
    }

    private var caller: Caller {
        Caller(
            agent: admission.grant.agent, grant: admission.grant.id, session: session?.id,
            server: admission.route.name)
    }

    // MARK: Refusals

    /// Refuses what is no strict message.
    func refuse(_ refusal: EnvelopeRefusal) {
        let record = core.note(
            Reason(rawValue: refusal.reason.rawValue) ?? .malformed, admission,
            method: refusal.method?.rawValue ?? "-"
        ) { decision in
            decision.tool = refusal.tool.flatMap { tree.string($0) }
            if case .request(let id) = refusal.answer { decision.rpcID = text(id.range) }
        }
        var bytes: [UInt8] = []
        let hasAnswer = body.withUnsafeReadableBytes {
            AnswerWriter.append(refusal, message: $0, record: record, to: &bytes)
        }
        if !hasAnswer {
            AnswerWriter.append(
                error: refusal.code, message: refusal.description, id: [UInt8]?.none, record: record, to: &bytes)
        }
        answer(.json(.badRequest, bytes))
    }

    /// Refuses a message whose headers say something else than its body.
    func refuse(_ disagreement: HeaderDisagreement, _ message: ClientMessage) {
        var reason = Reason.headerMismatch
        if case .missingMeta = disagreement { reason = .protocol }
        guard case .request(let request) = message else {
            let record = core.note(reason, admission)
            return answer(
                core.gate.rpcError(.badRequest, disagreement.code, disagreement.description, id: nil, record: record))
        }
        refuse(reason, request, disagreement.code, disagreement.description, status: .badRequest)
    }

    /// Refuses a message of a session that does not exist or belongs to another grant: the client has to open a new one.
    func refuseSession(_ message: ClientMessage) {
        let text = "there is no such session; initialize a new one"
        guard case .request(let request) = message else {
            let record = core.note(.session, admission)
            return answer(core.gate.rpcError(.notFound, .invalidRequest, text, id: nil, record: record))
        }
        refuse(.session, request, .invalidRequest, text, status: .notFound)
    }

    /// Refuses a request that could be read, and records what it was.
    func refuse(
        _ reason: Reason, _ request: ClientRequest, _ code: RPCErrorCode, _ text: String,
        status: HTTPResponseStatus = .ok
    ) {
        let tree = core.scanner.tree
        let idToken = tree.bytes.withUnsafeBytes { Array($0[request.id.range]) }
        let record = core.note(reason, admission, method: request.method.text(in: tree.bytes)) { decision in
            describe(request, idToken, in: tree, &decision)
            decision.tool = request.call.flatMap { tree.string($0.name) }
        }
        var bytes: [UInt8] = []
        AnswerWriter.append(error: code, message: text, id: idToken, record: record, to: &bytes)
        answer(.json(status, bytes))
    }

    /// Records that a request is no longer wanted; whether the server has to hear of it.
    func recordCancellation(_ id: MessageID) -> Bool {
        var decision = core.draft(
            admission, method: MCPMethod.cancelled.rawValue, verdict: .allow, reason: .allowed)
        decision.rpcID = text(id.range)
        decision.session = session?.id
        core.log.append(isUrgent: false) { _, _ in .decision(decision) }
        guard let key = core.scanner.key(of: id), let cancelled = session?.pending[key] else {
            // To a child, the client's own id would be somebody else's request.
            if case .command = admission.route.upstream { return false }
            return true
        }
        cancelled.open?.cancelled = core.clock.now()
        if cancelled.stage == .committing || cancelled.stage == .queued {
            cancelled.cancelBeforeForwarding()
            return false
        }
        // Towards a child, the request has another id.
        if let child = cancelled.child { replaceID(at: id.range, by: child.number) }
        return true
    }

    private func replaceID(at range: Range<Int>, by number: Int) {
        idRange = range
        progressToken = Array(String(number).utf8)
    }

    // MARK: What records say of every request

    private func describe(
        _ request: ClientRequest, _ idToken: [UInt8], in tree: JSONTree, _ decision: inout Decision
    ) {
        decision.rpcID = String(decoding: idToken, as: UTF8.self)
        decision.trace = request.trace?.description
        decision.session = session?.id
        decision.client = client ?? session?.client
        if let version = request.identity.protocolVersion.flatMap({ tree.string($0) }) {
            decision.protocolRevision = version
        } else if decision.protocolRevision == nil {
            decision.protocolRevision = session?.revision
        }
    }

    /// Keeps what the client calls itself.
    private func note(_ request: ClientRequest, in tree: JSONTree) {
        guard let name = request.identity.name.flatMap({ tree.string($0) }) else { return }
        client = request.identity.version.flatMap { tree.string($0) }.map { "\(name)/\($0)" } ?? name
    }

    private func text(_ range: Range<Int>) -> String {
        tree.bytes.withUnsafeBytes { String(decoding: $0[range], as: UTF8.self) }
    }
}
