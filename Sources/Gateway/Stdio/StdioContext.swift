import AuditLog
import Events
import MCP
import Policy

/// What the threads of one stdio gateway share.
final class StdioContext: Sendable {
    let options: StdioOptions
    let log: LogWriter
    let clock: any LogClock
    let key: DigestKey
    let decider: Decider
    let client: LineSink
    let server: LineSink
    let catalog = ToolCatalog()
    let pending = PendingRequests()
    let queue: ForwardQueue
    /// The revision that the handshake agreed on, as the server named it.
    let agreed = Monitor<String?>(nil)

    init(
        options: StdioOptions, log: LogWriter, clock: any LogClock, key: DigestKey, decider: Decider, client: LineSink,
        server: LineSink
    ) {
        self.options = options
        self.log = log
        self.clock = clock
        self.key = key
        self.decider = decider
        self.client = client
        self.server = server
        queue = ForwardQueue(maximumBytes: options.queueBytes)
    }

    /// Writes one of our own answers as a line.
    func answer(_ line: inout [UInt8]) {
        line.append(0x0A)
        _ = line.withUnsafeBytes { client.write($0) }
        line.removeAll(keepingCapacity: true)
    }

    /// Records how a request ended; nothing where its decision is not in the log.
    func record(_ request: PendingRequests.Request, _ outcome: (UInt64, Timestamp) -> Outcome) {
        guard let ticket = request.ticket else { return }
        log.append(after: ticket) { _, now in
            var outcome = outcome(ticket.seq, now)
            outcome.server = self.options.server
            return .outcome(outcome)
        }
    }

    /// Records how a request ended that no answer ended.
    func record(_ request: PendingRequests.Request, _ ending: Ending) {
        record(request) { seq, now in Outcome(ending, of: request, seq: seq, now: now) }
    }

    /// Gives back what a call had taken that was never forwarded, and records it so.
    ///
    /// Given back in any case: also where the decision was withdrawn, or the log cannot be written.
    func recordNotForwarded(_ request: PendingRequests.Request) {
        guard let ticket = request.ticket else { return }
        let reservation = request.isCharged ? self.reservation(request) : nil
        let giveBack = { (now: Timestamp) in
            if let reservation { self.decider.giveBack(reservation, now: now) }
        }
        log.append(after: ticket, orElse: giveBack) { _, now in
            giveBack(now)
            var outcome = Outcome(.notForwarded, of: request, seq: ticket.seq, now: now)
            outcome.server = self.options.server
            outcome.reservation = reservation == nil ? nil : .rolledBack
            return .outcome(outcome)
        }
    }

    /// Answers and records all that the server will not answer any more.
    func endPending(status: ChildProcess.Status?) {
        for request in pending.takeAll() { end(request, status: status) }
    }

    /// Answers and records one request that the server will not answer.
    func end(_ request: PendingRequests.Request, status: ChildProcess.Status?) {
        if request.forwarded == nil {
            recordNotForwarded(request)
        } else {
            record(request, request.cancelled != nil ? .cancelled : client.hasReader ? .upstreamDown : .disconnected)
        }
        guard request.cancelled == nil else { return }
        let what = status.map { "the server \($0.description) before it answered" } ?? "the server ended"
        var line: [UInt8] = []
        AnswerWriter.append(error: .upstreamUnavailable, message: what, id: request.idToken, to: &line)
        answer(&line)
    }

    private func reservation(_ request: PendingRequests.Request) -> Reservation? {
        guard let tool = request.tool else { return nil }
        return Reservation(
            tool: tool,
            caller: Caller(agent: request.agent, grant: nil, session: nil, server: options.server),
            cost: request.cost, at: request.decided)
    }
}
