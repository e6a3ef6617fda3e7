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
        open = OpenRequest(
            ticket: ticket, decided: core.clock.now(), idToken: idToken, era: era, method: request.method.known,
            methodName: method, tool: nil, caller: caller, policy: admission.policy, cost: nil, isCharged: false)
        forward()
    }

    private func refusedSession() -> String? {
        core.makeRoom(for: admission.grant.id) ? nil : "too many sessions are open"
    }

    // MARK: Tool calls

    /// Decides a call; it goes on when its record is durable.
    ///
    /// - Parameter approved: the held call that it goes on with, now that a person has approved it.
    func decide(_ request: ClientRequest, approved: HeldCall? = nil) {
        // One copy for all that follows: the scanner is the core's, and each look at it would make one.
        let tree = core.scanner.tree
        guard let call = request.call, let name = tree.string(call.name) else { return }
        note(request, in: tree)
        let idToken = tree.bytes.withUnsafeBytes { Array($0[request.id.range]) }
        var decision = core.draft(admission, method: MCPMethod.toolsCall.rawValue, verdict: .deny, reason: .internal)
        describe(request, idToken, in: tree, &decision)
        describe(call, name, in: tree, &decision)
        let (digest, round) = (decision.argumentDigest, decision.round)
        let (policy, caller) = (admission.policy, caller)
        let need = policy?.approval(ofTool: name)
        let key = need.map { _ in HoldKey(caller, tool: name, arguments: call.arguments, in: tree) }
        var (standing, used) = (ApprovalStanding.unasked, approved)
        if let approved {
            standing = .approved(by: approved.approver)
        } else if let key {
            (standing, used) = core.approvals.standing(of: key)
        }
        decision.of = used?.hold
        core.commits.arm()
        let asked = Call(tool: name, arguments: call.arguments, in: tree, caller: caller, approval: standing)
        let settlement = core.recorder.decider.settle(
            &decision, asked, under: policy, mayBeHeld: need == nil && core.failPolicy.mayHold(decision), in: core.log,
            core.clock)
        guard let settled = settlement else {
            // Nothing says that it was used.
            if let used { core.approvals.giveBack(used) }
            var bytes: [UInt8] = []
            AuditUnavailable.append(to: &bytes, id: idToken, isCall: true, era: era, record: nil)
            return answerDenial(.json(.ok, bytes))
        }
        if let refusal = settled.refusal {
            if refusal.verdict == .hold, let need, let key {
                held = HeldRequest(idToken: idToken, ticket: settled.ticket)
                return hold(decision, settled, key, need)
            }
            var bytes: [UInt8] = []
            let denial = Denial(refusal, tool: name, record: core.log.name(of: settled.ticket))
            AnswerWriter.append(denial, id: idToken, era: era, to: &bytes)
            return answerDenial(.json(.ok, bytes))
        }
        isTask = call.isTask
        open = OpenRequest(
            ticket: settled.ticket, decided: settled.decided, idToken: idToken, era: era, method: .toolsCall,
            methodName: MCPMethod.toolsCall.rawValue, tool: name, caller: caller, policy: policy, cost: settled.cost,
            isCharged: settled.isCharged, argumentDigest: digest, round: round)
        stage = .committing
        // Nothing can be made durable just now, and the operator lets such calls go on.
        if settled.ticket.isHeld { return committed() }
        core.commits.add(self)
    }

    /// What a call's record says of the call before it is decided.
    private func describe(_ call: ToolCall, _ name: String, in tree: JSONTree, _ decision: inout Decision) {
        let (listed, found) = admission.route.look(upTool: name)
        decision.tool = name
        decision.toolDigest = listed?.digest
        decision.unlisted = listed == nil
        decision.risk = found
        if let policy = admission.policy {
            let profile = policy.profile(ofTool: name, found: found)
            // A name that the policy's owner wrote is not one that a caller made up.
            if listed == nil { decision.unlisted = !profile.isNamed }
            decision.risk = profile.risk
        }
        core.fields.describe(
            call.arguments, in: tree, known: listed?.arguments, key: core.recorder.key, into: &decision)
        decision.round = core.rounds.round(
            of: call, in: tree, tool: name, grant: decision.grant, server: decision.server,
            digest: decision.argumentDigest, key: core.recorder.key)
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
        if cancelled.stage == .held {
            cancelled.cancelHeld()
            return false
        }
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
