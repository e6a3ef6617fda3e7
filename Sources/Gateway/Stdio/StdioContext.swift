import AuditLog
import Events
import MCP
import Policy

/// What the threads of one stdio gateway share.
final class StdioContext: Sendable {
    let options: StdioOptions
    let log: LogWriter
    let clock: any LogClock
    let recorder: OutcomeRecorder
    let client: LineSink
    let server: LineSink
    let catalog = ToolCatalog()
    let pending = PendingRequests()
    let queue: ForwardQueue
    /// The calls that wait for a person.
    let approvals: ApprovalDesk
    let holds = HoldWorker()
    /// The revision that the handshake agreed on, as the server named it.
    let agreed = Monitor<String?>(nil)

    init(
        options: StdioOptions, log: LogWriter, clock: any LogClock, key: DigestKey, decider: Decider, client: LineSink,
        server: LineSink
    ) {
        self.options = options
        self.log = log
        self.clock = clock
        recorder = OutcomeRecorder(log: log, key: key, decider: decider)
        approvals = ApprovalDesk(log: log, patience: options.approvalPatience)
        self.client = client
        self.server = server
        queue = ForwardQueue(maximumBytes: options.queueBytes)
    }

    var key: DigestKey { recorder.key }
    var decider: Decider { recorder.decider }
    /// The policy; nil observes.
    var policy: CompiledPolicy? { options.policy }

    /// Writes one of our own answers as a line.
    func answer(_ line: inout [UInt8]) {
        line.append(0x0A)
        _ = line.withUnsafeBytes { client.write($0) }
        line.removeAll(keepingCapacity: true)
    }

    /// Answers and records all that the server will not answer any more.
    func endPending(status: ChildProcess.Status?) {
        for request in pending.takeAll() { end(request, status: status) }
    }

    /// Answers and records one request that the server will not answer.
    func end(_ request: OpenRequest, status: ChildProcess.Status?) {
        if request.forwarded == nil {
            recorder.recordNotForwarded(request)
        } else {
            recorder.record(
                request, request.cancelled != nil ? .cancelled : client.hasReader ? .upstreamDown : .disconnected)
        }
        guard request.cancelled == nil else { return }
        let what = status.map { "the server \($0.description) before it answered" } ?? "the server ended"
        var line: [UInt8] = []
        AnswerWriter.append(error: .upstreamUnavailable, message: what, id: request.idToken, to: &line)
        answer(&line)
    }
}
