import Events

@testable import Dashboard

/// Records by hand.
struct MetricRecords {
    private var seq: UInt64 = 0
    /// All of them.
    private(set) var added: [(record: Record, log: String)] = []
    /// Before the first record.
    static let since = Timestamp(microseconds: 1_800_000_000_000_000)
    var metrics = LogMetrics(since: since)

    init(limits: MetricLimits = MetricLimits()) {
        metrics = LogMetrics(since: Self.since, limits: limits)
    }

    mutating func add(_ body: Record.Body, log: String = "gateway") {
        let time = Self.since.advanced(by: Int64(seq) * 1000)
        let record = Record(seq: seq, timestamp: time, body: body)
        added.append((record, log))
        metrics.observe(record, log: log)
        seq += 1
    }

    mutating func call(
        _ tool: String?, agent: String? = "ci-builder", server: String = "ecs", _ verdict: Verdict = .allow,
        _ reason: Reason = .allowed, mode: Mode = .enforce, unlisted: Bool = false, method: String = "tools/call"
    ) {
        var decision = Decision(
            gateway: "gw", identity: .grant, server: server, transport: .http, method: method, verdict: verdict,
            mode: mode, reason: reason)
        decision.agent = agent
        decision.tool = tool
        decision.unlisted = unlisted
        add(.decision(decision))
    }

    mutating func outcome(_ tool: String, server: String = "ecs", _ ending: Ending = .ok, microseconds: Int? = nil) {
        var outcome = Outcome(of: 0, ending: ending)
        outcome.server = server
        outcome.tool = tool
        outcome.method = "tools/call"
        outcome.upstreamMicroseconds = microseconds
        outcome.gatewayMicroseconds = microseconds.map { _ in 400 }
        add(.outcome(outcome))
    }

    mutating func alert(_ id: String, _ rule: String, _ state: String, severity: String = "page") {
        add(
            .control(
                Control(.alert).with(.id, id).with(.rule, rule).with(.severity, severity).with(.state, state)),
            log: "watch")
    }
}
