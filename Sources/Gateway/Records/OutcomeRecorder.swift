import AuditLog
import Events
import MCP
import Policy

/// Records how requests ended.
struct OutcomeRecorder: Sendable {
    let log: LogWriter
    let key: DigestKey
    let decider: Decider

    /// Records the answer that a server gave.
    ///
    /// - Parameter message: the whole answer, which `response` has its place in.
    func record(_ request: OpenRequest, _ response: ServerResponse, in message: UnsafeRawBufferPointer) {
        let digest =
            request.method == .toolsCall
            ? key.digest(UnsafeRawBufferPointer(rebasing: message[response.payload])) : nil
        record(request) { seq, now in
            var outcome = Outcome(response, to: request, seq: seq, now: now)
            outcome.resultDigest = digest
            return outcome
        }
    }

    /// Records an end that no answer brought.
    func record(_ request: OpenRequest, _ ending: Ending, code: Int? = nil) {
        record(request) { seq, now in
            var outcome = Outcome(ending, of: request, seq: seq, now: now)
            outcome.code = code
            return outcome
        }
    }

    /// Records how a request ended; nothing where its decision is not in the log.
    func record(_ request: OpenRequest, _ outcome: (UInt64, Timestamp) -> Outcome) {
        guard let ticket = request.ticket else { return }
        log.append(after: ticket) { now in outcome(ticket.seq, now) }
    }

    /// Gives back what a call had taken that was never forwarded, and records it so.
    ///
    /// Given back in any case: also where the decision was withdrawn, or the log cannot be written.
    func recordNotForwarded(_ request: OpenRequest, _ ending: Ending = .notForwarded) {
        guard let ticket = request.ticket else { return }
        let reservation = request.reservation
        let giveBack = { (now: Timestamp) in
            if let reservation, let policy = request.policy {
                self.decider.giveBack(reservation, under: policy, now: now)
            }
        }
        log.append(after: ticket, orElse: giveBack) { now in
            giveBack(now)
            var outcome = Outcome(ending, of: request, seq: ticket.seq, now: now)
            outcome.reservation = reservation == nil ? nil : .rolledBack
            return outcome
        }
    }
}
