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

    /// Records how a request ended.
    func record(_ outcome: Outcome) {
        var outcome = outcome
        outcome.server = options.server
        log.append { _, _ in .outcome(outcome) }
    }

    /// Gives back what a call had taken that was never forwarded, and records it so.
    func recordNotForwarded(_ request: PendingRequests.Request) {
        var outcome = Outcome(.notForwarded, of: request, now: clock.now())
        outcome.server = options.server
        outcome.reservation = request.isCharged ? .rolledBack : nil
        let reservation = request.isCharged ? self.reservation(request) : nil
        log.append { _, now in
            if let reservation { self.decider.giveBack(reservation, now: now) }
            return .outcome(outcome)
        }
    }

    /// Answers and records all that the server will not answer any more.
    func endPending(status: ChildProcess.Status?) {
        var line: [UInt8] = []
        for request in pending.takeAll() {
            guard request.forwarded != nil else {
                recordNotForwarded(request)
                continue
            }
            let ending: Ending =
                request.cancelled != nil ? .cancelled : client.hasReader ? .upstreamDown : .disconnected
            record(Outcome(ending, of: request, now: clock.now()))
            guard request.cancelled == nil else { continue }
            let what = status.map { "the server \($0.description) before it answered" } ?? "the server ended"
            AnswerWriter.append(error: .upstreamUnavailable, message: what, id: request.idToken, to: &line)
            answer(&line)
        }
    }

    private func reservation(_ request: PendingRequests.Request) -> Reservation? {
        guard let tool = request.tool else { return nil }
        return Reservation(
            tool: tool,
            caller: Caller(agent: request.agent, grant: nil, session: nil, server: options.server),
            cost: request.cost, at: request.decided)
    }
}
