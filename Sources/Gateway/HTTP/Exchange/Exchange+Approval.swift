import AuditLog
import Events
import MCP
import NIOCore
import NIOHTTP1
import Policy

/// What is known of a request that waits for a person.
struct HeldRequest {
    /// The id's token as the client sent it.
    let idToken: [UInt8]
    /// The hold's record.
    let ticket: LogTicket
}

extension Exchange {
    /// Holds the request open until a person has decided, or its caller has to call again.
    func hold(_ decision: Decision, _ settled: Settlement, _ key: HoldKey, _ need: ApprovalNeed) {
        stage = .held
        let bound = NIOLoopBound(self, eventLoop: core.loop)
        let loop = core.loop
        core.approvals.hold(decision, seq: settled.ticket.seq, at: settled.decided, key, need) { end in
            loop.execute { bound.value.go(on: end) }
        }
    }

    private func go(on end: HoldEnd) {
        guard stage == .held, let held else {
            // The caller has left meanwhile; the approval waits for the next call.
            if case .approved(let call) = end { core.approvals.giveBack(call) }
            return
        }
        switch end {
        case .waiting: break
        case .callAgain(let call):
            answerHeld(Denial(callAgain: call, name: core.approvals.name(call)))
        case .denied(let decision, let seq):
            answerHeld(Denial(ended: decision, record: seq.map { "\(core.log.name)/\($0)" }))
        case .approved(let call): release(call, held)
        }
    }

    /// Decides an approved call again: grant, policy, brake and limits may be others than when it was held.
    private func release(_ call: HeldCall, _ held: HeldRequest) {
        self.held = nil
        stage = .deciding
        decidedAt = .roughlyNow()
        guard core.log.result(of: held.ticket) == .durable else {
            return deny(call, held, .auditUnavailable, "The call's record is not durable.")
        }
        guard let current = core.admitAgain(admission) else {
            return deny(call, held, .grantRevoked, "The grant that called is no longer valid.")
        }
        admission = current
        let reading = body.withUnsafeReadableBytes { bytes in
            Result { () throws(EnvelopeRefusal) in try core.scanner.scan(bytes, framing: .body) }
        }
        // It could be read before; only other bounds on messages can change that.
        guard case .success(.request(let request)) = reading else {
            return deny(call, held, .tooLarge, "The gateway's bounds on messages have changed.")
        }
        decide(request, approved: call)
    }

    private func deny(_ call: HeldCall, _ held: HeldRequest, _ reason: Reason, _ message: String) {
        let decision = HeldCall.denial(of: call.decision, hold: call.hold, reason, message)
        let ticket = core.log.append(isUrgent: false) { _, _ in .decision(decision) }
        self.held = held
        answerHeld(Denial(ended: decision, record: ticket.map { core.log.name(of: $0) }))
    }

    private func answerHeld(_ denial: Denial) {
        guard let held else { return }
        var bytes: [UInt8] = []
        AnswerWriter.append(denial, id: held.idToken, era: era, to: &bytes)
        answer(.json(.ok, bytes))
    }

    /// The client no longer wants a call that waits for a person.
    func cancelHeld() {
        guard let connection = takeConnection() else { return finish() }
        finish()
        // Nobody waits for the answer to what was cancelled, and some clients stumble over one.
        connection.beginAnswer(AnswerHead(.ok, ["Content-Type": "text/event-stream"]))
        connection.endAnswer()
    }
}
