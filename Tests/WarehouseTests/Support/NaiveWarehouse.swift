import Events
import Warehouse

/// A call as the naive model keeps it.
struct NaiveCall: Equatable {
    var log: Int
    var seq: UInt64
    var timestamp: Int64
    var decision: Decision
    var outcome: Outcome?
    var finalSeq: UInt64?
    var heldMicroseconds: Int64?

    var tool: String { decision.unlisted ? "(unlisted)" : decision.tool ?? "" }
    var name: ToolName { ToolName(server: decision.server, tool: tool, risk: decision.risk) }
    var isStopped: Bool {
        decision.mode == .enforce && (decision.verdict == .deny || decision.verdict == .throttle)
    }
    var isNear: Bool {
        guard decision.verdict == .allow, let limit = decision.limit else { return false }
        return limit.used * 100 >= limit.maximum * 80
    }
    var isError: Bool {
        let errors: [Ending] = [.toolError, .rpcError, .httpError, .timeout, .upstreamDown, .overloaded]
        return outcome.map { errors.contains($0.ending) } ?? false
    }
}

/// What the lines of some logs come to, worked out in the plainest way.
struct NaiveWarehouse {
    var calls: [NaiveCall] = []
    var requests: [NaiveCall] = []
    var controls: [Control] = []
    var rejects = 0
    var refusedBySecond = 0

    init(_ logs: [RandomLog]) {
        for (number, log) in logs.enumerated() { load(log, number) }
        calls.sort { ($0.timestamp, $0.log, $0.seq) < ($1.timestamp, $1.log, $1.seq) }
    }

    private mutating func load(_ log: RandomLog, _ number: Int) {
        var calls: [UInt64: NaiveCall] = [:]
        var requests: [UInt64: NaiveCall] = [:]
        var ends: [UInt64: UInt64] = [:]
        for line in log.lines {
            guard case .record(let record) = line else {
                rejects += 1
                continue
            }
            switch record.body {
            case .decision(let decision):
                let call = NaiveCall(
                    log: number, seq: record.seq, timestamp: record.timestamp.microseconds, decision: decision)
                if decision.method != "tools/call" || decision.coalesced != nil {
                    requests[record.seq] = call
                } else if let held = decision.of, var first = calls[held] {
                    first.decision.verdict = decision.verdict
                    first.decision.reason = decision.reason
                    first.decision.rule = decision.rule
                    first.decision.limit = decision.limit
                    first.finalSeq = record.seq
                    first.heldMicroseconds = max(0, call.timestamp - first.timestamp)
                    calls[held] = first
                    ends[record.seq] = held
                } else {
                    calls[record.seq] = call
                }
            case .outcome(let outcome):
                let seq = ends[outcome.of] ?? outcome.of
                if calls[seq] != nil, calls[seq]?.outcome == nil {
                    calls[seq]?.outcome = outcome
                } else if requests[seq] != nil, requests[seq]?.outcome == nil {
                    requests[seq]?.outcome = outcome
                } else {
                    rejects += 1
                }
            case .control(let control):
                if control.event == .alert, control.text(.id) == nil {
                    rejects += 1
                } else {
                    controls.append(control)
                    if control.event == .refused { refusedBySecond += Int(control.number(.n) ?? 0) }
                }
            }
        }
        self.calls += calls.values
        self.requests += requests.values
    }

    /// The calls of a question.
    func calls(in period: Period, where filter: CallFilter = .all) -> [NaiveCall] {
        calls.filter { call in
            period.contains(Timestamp(microseconds: call.timestamp))
                && (filter.agent == nil || filter.agent == call.decision.agent ?? "")
                && (filter.server == nil || filter.server == call.name.server)
                && (filter.tool == nil || filter.tool == call.name.tool)
                && (filter.risk == nil || filter.risk == call.name.risk)
        }
    }

    /// What calls come to.
    static func counts(_ calls: [NaiveCall]) -> CallCounts {
        var counts = CallCounts()
        for call in calls {
            counts.calls += 1
            if call.isNear { counts.nearLimit += 1 }
            if call.isError { counts.errors += 1 }
            if let upstream = call.outcome?.upstreamMicroseconds {
                counts.timed += 1
                counts.upstreamMicroseconds += Int64(upstream)
            }
            if call.decision.mode == .shadow || call.decision.verdict == .allow {
                counts.allowed += 1
                if call.decision.verdict != .allow { counts.shadowStopped += 1 }
            } else if call.decision.verdict == .deny {
                counts.denied += 1
            } else if call.decision.verdict == .throttle {
                counts.throttled += 1
            } else {
                counts.held += 1
            }
        }
        return counts
    }

    /// The busiest minute of calls, the earliest of equals.
    static func peak(_ calls: [NaiveCall]) -> PeakMinute? {
        let minutes = Dictionary(grouping: calls) { $0.timestamp / 60_000_000 }
        let peak = minutes.max { ($0.value.count, $1.key) < ($1.value.count, $0.key) }
        return peak.map { PeakMinute(calls: $0.value.count, minute: Timestamp(microseconds: $0.key * 60_000_000)) }
    }

    /// How many units of time have a call.
    static func active(_ calls: [NaiveCall], microseconds: Int64) -> Int {
        Set(calls.map { $0.timestamp / microseconds }).count
    }
}
