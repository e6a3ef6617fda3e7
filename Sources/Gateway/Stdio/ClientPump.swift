import AuditLog
import Events
import MCP
import Policy
import StrictJSON

/// Reads what the client sends, decides it, and queues what passes.
struct ClientPump: ~Copyable {
    private let context: StdioContext
    private var scanner: EnvelopeScanner
    private var fields = CallFields()
    private var line: [UInt8] = []
    private var clientLabel: String?
    private var fixedAgent: String?
    private var requested: ProtocolRevision?
    private var requestedText: String?

    init(_ context: StdioContext) {
        self.context = context
        scanner = EnvelopeScanner(limits: context.options.limits)
    }

    /// Pumps until the client closes its end, or nothing can be forwarded any more.
    consuming func run(_ source: LineSource) {
        while true {
            switch source.next() {
            case .line(let bytes):
                if MessageFraming.isBlank(bytes) { continue }
                if !take(bytes) { return }
            case .piece(_, let isFirst, _):
                if isFirst { refuseTooLarge() }
            case .end: return
            }
        }
    }

    private mutating func take(_ message: UnsafeRawBufferPointer) -> Bool {
        do {
            // The bound is on the message, not on its line's end.
            switch try scanner.scan(ClientPump.withoutLineFeed(message), framing: .line) {
            case .request(let request):
                note(request.identity)
                fixedAgent = fixedAgent ?? context.options.user
                return request.call == nil ? pass(request, message) : decide(request, message)
            case .notification(let notification):
                if let cancelled = notification.cancelledRequest { recordCancellation(cancelled) }
                return context.queue.push(message)
            case .response: return context.queue.push(message)
            }
        } catch {
            refuse(error, message)
            return true
        }
    }

    private static func withoutLineFeed(_ line: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        line.last == 0x0A ? UnsafeRawBufferPointer(rebasing: line.dropLast()) : line
    }

    // MARK: Requests that policies do not rule

    private mutating func pass(_ request: ClientRequest, _ message: UnsafeRawBufferPointer) -> Bool {
        guard let key = scanner.key(of: request.id), admit(request, key, message) else { return true }
        var decision = template(method: method(request.method), verdict: .allow, reason: .allowed)
        describe(request, in: &decision)
        // Recorded, but not waited for: the policy rules tools, and a client without `initialize` is a dead client.
        let ticket = context.log.append(isUrgent: false) { _, _ in .decision(decision) }
        let now = context.clock.now()
        let handle = register(request, key, ticket, decided: now, isCharged: false, cost: nil, message)
        return push(message, ticket: nil, decided: now, handle)
    }

    // MARK: Tool calls

    private mutating func decide(_ request: ClientRequest, _ message: UnsafeRawBufferPointer) -> Bool {
        guard let call = request.call, let name = scanner.tree.string(call.name),
            let key = scanner.key(of: request.id), admit(request, key, message)
        else { return true }
        let listed = context.catalog.tool(name)
        let found = listed?.risk ?? RiskClassifier.classify(tool: name).risk
        var decision = template(method: MCPMethod.toolsCall.rawValue, verdict: .deny, reason: .internal)
        describe(request, in: &decision)
        decision.tool = name
        decision.toolDigest = listed?.digest
        let profile = context.policy?.profile(ofTool: name, found: found)
        // A name that the policy's owner wrote is not one that a caller made up.
        decision.unlisted = listed == nil && !(profile?.isNamed ?? false)
        decision.risk = profile?.risk ?? found
        fields.describe(
            call.arguments, in: scanner.tree, known: listed?.arguments, key: context.key, into: &decision)
        let need = context.policy?.approval(ofTool: name)
        let holdKey = need.map { _ in HoldKey(caller, tool: name, arguments: call.arguments, in: scanner.tree) }
        let (standing, used) = holdKey.map { context.approvals.standing(of: $0) } ?? (.unasked, nil)
        decision.of = used?.hold
        let asked = Call(
            tool: name, arguments: call.arguments, in: scanner.tree, caller: caller, approval: standing)
        let settled = context.decider.settle(
            &decision, asked, under: context.policy, observing: true,
            mayBeHeld: need == nil && context.options.failPolicy.mayHold(decision), in: context.log, context.clock)
        guard let settled else {
            // Nothing says that it was used.
            if let used { context.approvals.giveBack(used) }
            AuditUnavailable.append(
                to: &line, id: Array(message[request.id.range]), isCall: true, era: era(request), record: nil)
            context.answer(&line)
            return true
        }
        if let refusal = settled.refusal {
            if refusal.verdict == .hold, let need, let holdKey {
                let waiting = openRequest(
                    request, key, nil, decided: settled.decided, isCharged: false, cost: nil, message)
                StdioHold(context, Array(message), waiting, key, settled.ticket, progressToken(request, message))
                    .begin(decision, settled, holdKey, need)
                return true
            }
            deny(refusal, tool: name, request, settled.ticket, message)
            return true
        }
        let handle = register(
            request, key, settled.ticket, decided: settled.decided, isCharged: settled.isCharged, cost: settled.cost,
            message)
        return push(message, ticket: settled.ticket, decided: settled.decided, handle)
    }

    private func push(
        _ message: UnsafeRawBufferPointer, ticket: LogTicket?, decided: Timestamp, _ handle: PendingRequests.Handle
    ) -> Bool {
        if context.queue.push(message, ticket: ticket, decided: decided, request: handle) { return true }
        if let request = context.pending.take(handle) { context.end(request, status: nil) }
        return false
    }

    private mutating func deny(
        _ verdict: PolicyVerdict, tool: String, _ request: ClientRequest, _ ticket: LogTicket,
        _ message: UnsafeRawBufferPointer
    ) {
        let denial = Denial(verdict, tool: tool, record: context.log.name(of: ticket))
        AnswerWriter.append(denial, id: Array(message[request.id.range]), era: era(request), to: &line)
        context.answer(&line)
    }

    private mutating func register(
        _ request: ClientRequest, _ key: MessageKey, _ ticket: LogTicket?, decided: Timestamp, isCharged: Bool,
        cost: Int?, _ message: UnsafeRawBufferPointer
    ) -> PendingRequests.Handle {
        context.pending.add(
            openRequest(request, key, ticket, decided: decided, isCharged: isCharged, cost: cost, message), key: key)
    }

    private func openRequest(
        _ request: ClientRequest, _ key: MessageKey, _ ticket: LogTicket?, decided: Timestamp, isCharged: Bool,
        cost: Int?, _ message: UnsafeRawBufferPointer
    ) -> OpenRequest {
        OpenRequest(
            ticket: ticket, decided: decided, idToken: Array(message[request.id.range]), era: era(request),
            method: request.method.known, methodName: method(request.method),
            tool: request.call.flatMap { scanner.tree.string($0.name) }, caller: caller, policy: context.policy,
            cost: cost, isCharged: isCharged)
    }

    private func progressToken(_ request: ClientRequest, _ message: UnsafeRawBufferPointer) -> [UInt8]? {
        request.progressToken.map { Array(message[$0.range]) }
    }

    // MARK: Refusals

    /// Refuses a request whose id another one still waits under: their answers could not be told apart.
    private mutating func admit(
        _ request: ClientRequest, _ key: MessageKey, _ message: UnsafeRawBufferPointer
    ) -> Bool {
        let now = context.clock.now()
        for request in context.pending.takeCancelled(before: now.advanced(by: -60_000_000)) {
            context.recorder.record(request, .cancelled)
        }
        guard context.pending.isBusy(key) else { return true }
        var decision = template(method: method(request.method), verdict: .deny, reason: .protocol)
        describe(request, in: &decision)
        decision.tool = request.call.flatMap { scanner.tree.string($0.name) }
        let ticket = context.log.append(isUrgent: false) { _, _ in .decision(decision) }
        AnswerWriter.append(
            error: .invalidRequest, message: "another request with this id is still waiting for its answer",
            id: Array(message[request.id.range]), record: ticket.map { context.log.name(of: $0) }, to: &line)
        context.answer(&line)
        return false
    }

    private mutating func refuse(_ refusal: EnvelopeRefusal, _ message: UnsafeRawBufferPointer) {
        var decision = template(
            method: refusal.method?.rawValue ?? "-", verdict: .deny,
            reason: Reason(rawValue: refusal.reason.rawValue) ?? .malformed)
        decision.tool = refusal.tool.flatMap { scanner.tree.string($0) }
        if case .request(let id) = refusal.answer {
            decision.rpcID = String(decoding: message[id.range], as: UTF8.self)
        }
        let ticket = context.log.append(isUrgent: false) { _, _ in .decision(decision) }
        let record = ticket.map { context.log.name(of: $0) }
        if AnswerWriter.append(refusal, message: message, record: record, to: &line) { context.answer(&line) }
    }

    private mutating func refuseTooLarge() {
        let decision = template(method: "-", verdict: .deny, reason: .tooLarge)
        let ticket = context.log.append(isUrgent: false) { _, _ in .decision(decision) }
        AnswerWriter.append(
            error: .invalidRequest,
            message: "the message is larger than \(context.options.limits.maximumBytes) bytes", id: [UInt8]?.none,
            record: ticket.map { context.log.name(of: $0) }, to: &line)
        context.answer(&line)
    }

    private mutating func recordCancellation(_ id: MessageID) {
        var decision = template(method: MCPMethod.cancelled.rawValue, verdict: .allow, reason: .allowed)
        decision.rpcID = scanner.tree.bytes.withUnsafeBytes { String(decoding: $0[id.range], as: UTF8.self) }
        context.log.append(isUrgent: false) { _, _ in .decision(decision) }
        guard let key = scanner.key(of: id) else { return }
        if let hold = context.pending.markCancelled(key, at: context.clock.now()) {
            context.approvals.leave(hold: hold)
        }
    }

    // MARK: What records say of every request

    /// Who calls.
    ///
    /// Fixed by the first request: a caller that renames itself must not begin its limits anew.
    private var agent: String {
        context.options.agent ?? fixedAgent ?? context.options.user
    }

    private var caller: Caller {
        Caller(agent: agent, grant: nil, session: nil, server: context.options.server)
    }

    private func template(method: String, verdict: Verdict, reason: Reason) -> Decision {
        var decision = Decision(
            gateway: context.options.gateway, identity: .flag, server: context.options.server, transport: .stdio,
            method: method, verdict: verdict, mode: .enforce, reason: reason)
        decision.agent = agent
        decision.client = clientLabel
        decision.protocolRevision = context.agreed.withLock { $0 } ?? requestedText
        return decision
    }

    private func describe(_ request: ClientRequest, in decision: inout Decision) {
        decision.rpcID = scanner.tree.bytes.withUnsafeBytes { String(decoding: $0[request.id.range], as: UTF8.self) }
        decision.trace = request.trace?.description
        if request.identity.isFromMeta {
            decision.protocolRevision = request.identity.protocolVersion.flatMap { scanner.tree.string($0) }
        }
    }

    private func method(_ name: MethodName) -> String {
        name.text(in: scanner.tree.bytes)
    }

    private func era(_ request: ClientRequest) -> ProtocolEra {
        if request.identity.isFromMeta { return .stateless }
        return requested?.era ?? .handshake
    }

    private mutating func note(_ identity: ClientIdentity) {
        if let name = identity.name.flatMap({ scanner.tree.string($0) }) {
            let version = identity.version.flatMap { scanner.tree.string($0) }
            fixedAgent = fixedAgent ?? "\(context.options.user)@\(name)"
            clientLabel = version.map { "\(name)/\($0)" } ?? name
        }
        if let version = identity.protocolVersion {
            requested = scanner.revision(version)
            requestedText = scanner.tree.string(version)
        }
    }
}
