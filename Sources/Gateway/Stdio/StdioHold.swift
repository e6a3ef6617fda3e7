import AuditLog
import Events
import MCP
import Policy
import StrictJSON

/// A call over standard input that waits for a person: its message is kept until somebody has decided.
///
/// Goes on by the thread of `HoldWorker`, to one end only.
struct StdioHold: Sendable {
    private let context: StdioContext
    private let message: [UInt8]
    private let request: OpenRequest
    private let key: MessageKey
    private let ticket: LogTicket
    private let progressToken: [UInt8]?

    init(
        _ context: StdioContext, _ message: [UInt8], _ request: OpenRequest, _ key: MessageKey, _ ticket: LogTicket,
        _ progressToken: [UInt8]?
    ) {
        self.context = context
        self.message = message
        self.request = request
        self.key = key
        self.ticket = ticket
        self.progressToken = progressToken
    }

    /// Begins to wait; the id is busy meanwhile.
    func begin(_ decision: Decision, _ settled: Settlement, _ holdKey: HoldKey, _ need: ApprovalNeed) {
        var waiting = request
        waiting.hold = ticket.seq
        let handle = context.pending.add(waiting, key: key)
        context.approvals.hold(
            decision, seq: ticket.seq, at: settled.decided, holdKey, need, wantsNotices: progressToken != nil
        ) { end in context.holds.add { go(on: end, handle) } }
    }

    private func go(on end: HoldEnd, _ handle: PendingRequests.Handle) {
        if case .waiting(let seconds) = end { return notice(seconds) }
        if case .approved(let call) = end {
            // Gone: the server has ended, and the client has been told. Cancelled: the client waits for no answer.
            guard context.pending.isAwaited(handle), context.client.hasReader else {
                return context.approvals.giveBack(call)
            }
            return release(call, handle)
        }
        guard let waiting = context.pending.take(handle), waiting.cancelled == nil else { return }
        switch end {
        case .waiting, .approved: break
        case .callAgain(let call): answer(Denial(callAgain: call, name: context.approvals.name(call)))
        case .denied(let decision, let seq):
            answer(Denial(ended: decision, record: seq.map { "\(context.log.name)/\($0)" }))
        }
    }

    /// Decides an approved call again: brake and limits may be others than when it was held.
    private func release(_ call: HeldCall, _ handle: PendingRequests.Handle) {
        var scanner = EnvelopeScanner(limits: context.options.limits)
        let line = message.last == 0x0A ? message.dropLast() : message[...]
        let reading = line.withUnsafeBytes { bytes in
            Result { () throws(EnvelopeRefusal) in try scanner.scan(bytes, framing: .line) }
        }
        // It could be read before, by the same bounds.
        guard case .success(.request(let again)) = reading, let asked = again.call, let tool = request.tool,
            context.log.result(of: ticket) == .durable
        else {
            let end = HeldCall.denial(
                of: call.decision, hold: call.hold, .internal, "The call cannot be made any more.")
            context.log.append(isUrgent: false) { _, _ in .decision(end) }
            return refuse(Denial(ended: end, record: nil), handle)
        }
        var decision = call.decision
        decision.of = call.hold
        let judged = Call(
            tool: tool, arguments: asked.arguments, in: scanner.tree, caller: request.caller,
            approval: .approved(by: call.approver))
        let settled = context.decider.settle(
            &decision, judged, under: context.policy, mayBeHeld: false, in: context.log, context.clock)
        guard let settled else {
            context.approvals.giveBack(call)
            guard let waiting = context.pending.take(handle), waiting.cancelled == nil else { return }
            var line: [UInt8] = []
            AuditUnavailable.append(to: &line, id: request.idToken, isCall: true, era: request.era, record: nil)
            return context.answer(&line)
        }
        if let refusal = settled.refusal {
            return refuse(Denial(refusal, tool: tool, record: context.log.name(of: settled.ticket)), handle)
        }
        forward(settled, handle)
    }

    private func forward(_ settled: Settlement, _ held: PendingRequests.Handle) {
        let open = OpenRequest(
            ticket: settled.ticket, decided: settled.decided, idToken: request.idToken, era: request.era,
            method: request.method, methodName: request.methodName, tool: request.tool, caller: request.caller,
            policy: context.policy, cost: settled.cost, isCharged: settled.isCharged)
        // The id stays busy all the time: another request with it could not be told apart.
        guard let handle = context.pending.replace(held, by: open) else {
            return context.recorder.recordNotForwarded(open, .cancelled)
        }
        let isQueued = message.withUnsafeBytes {
            context.queue.push($0, ticket: settled.ticket, decided: settled.decided, request: handle)
        }
        if !isQueued, let open = context.pending.take(handle) { context.end(open, status: nil) }
    }

    private func refuse(_ denial: Denial, _ handle: PendingRequests.Handle) {
        if let waiting = context.pending.take(handle), waiting.cancelled == nil { answer(denial) }
    }

    private func answer(_ denial: Denial) {
        var line: [UInt8] = []
        AnswerWriter.append(denial, id: request.idToken, era: request.era, to: &line)
        context.answer(&line)
    }

    /// Lets a client that asked for progress know that its call waits, so that it goes on waiting, too.
    private func notice(_ seconds: Int) {
        guard let progressToken else { return }
        var line: [UInt8] = []
        AnswerWriter.append(progress: seconds, token: progressToken, text: "waiting for a person's approval", to: &line)
        context.answer(&line)
    }
}
