public import Events

/// Counts the records of logs, as they are followed, for `/metrics`.
///
/// Counters begin with the process; who wants rates takes their increases. There are names of servers, tools, agents and
/// rules in them, never an argument or a result.
public struct LogMetrics: Sendable {
    /// How a log stands.
    struct LogState: Sendable {
        var records: [RecordKind: UInt64] = [.decision: 0, .outcome: 0, .control: 0]
        var newest: Timestamp?
        var gaps: UInt64 = 0
        var lost: UInt64 = 0
        var missing: UInt64 = 0
        var unreadable: UInt64 = 0
        /// The seq behind the last one read.
        var nextSeq: UInt64?
    }

    let limits: MetricLimits
    private(set) var calls: CallFigures
    private(set) var alerts: AlertFigures
    private(set) var logs: [String: LogState] = [:]
    private(set) var logNames: FirstComers<String>
    private(set) var refused: [Reason: UInt64] = [:]
    private(set) var controls: [ControlEvent: UInt64] = [:]

    /// Counts nothing yet.
    public init(limits: MetricLimits = MetricLimits()) {
        self.limits = limits
        calls = CallFigures(limits)
        alerts = AlertFigures(limits)
        logNames = FirstComers(limits.logs)
    }

    /// A log is followed from here on: its counters begin at 0, so that what comes first is an increase.
    ///
    /// - Parameters:
    ///   - nextSeq: the seq of the first record that will be observed.
    ///   - newest: the time of the record before it, where that is known.
    public mutating func follow(log: String, nextSeq: UInt64, newest: Timestamp? = nil) {
        change(log) { state in
            state.nextSeq = nextSeq
            state.newest = newest ?? state.newest
        }
    }

    /// Counts one record.
    ///
    /// - Parameter log: the log's name.
    public mutating func observe(_ record: Record, log: String) {
        change(log) { state in
            state.records[record.kind, default: 0] += 1
            state.newest = max(state.newest ?? record.timestamp, record.timestamp)
            state.nextSeq = record.seq + 1
        }
        switch record.body {
        case .decision(let decision): observe(decision)
        case .outcome(let outcome): calls.observe(outcome)
        case .control(let control): observe(control, log: log)
        }
    }

    /// Counts lines of a log that are no records.
    public mutating func noteUnreadable(lines: Int, log: String) {
        change(log) { $0.unreadable += UInt64(max(0, lines)) }
    }

    /// Counts records of a log that damage made unreadable.
    public mutating func noteMissing(records: Int, log: String) {
        change(log) { $0.missing += UInt64(max(0, records)) }
    }

    /// Takes over an alert that is open since before the logs were followed.
    ///
    /// - Parameter state: as its records say it: `firing`, `acknowledged`, `silenced`, `inhibited`.
    public mutating func takeOver(alert id: String, rule: String, severity: String, state: String) {
        alerts.takeOver(id, rule: rule, severity: severity, state: state)
    }

    private mutating func observe(_ decision: Decision) {
        if let alike = decision.coalesced {
            refused[decision.reason, default: 0] += UInt64(max(0, alike))
        } else {
            calls.observe(decision)
        }
    }

    private mutating func observe(_ control: Control, log: String) {
        controls[control.event, default: 0] += 1
        switch control.event {
        case .gap:
            let lost = LogMetrics.lost(control)
            change(log) { state in
                state.gaps += 1
                state.lost += lost
            }
        case .refused:
            guard let reason = control.text(.reason).flatMap(Reason.init) else { return }
            refused[reason, default: 0] += UInt64(clamping: control.number(.n) ?? 1)
        case .alert: alerts.observe(control)
        case .brake: calls.observeBrake(server: control.text(.server) ?? "", tool: control.text(.tool) ?? "")
        default: break
        }
    }

    /// How many records a gap says were lost: `n`, or what is from `from` to `to` where those are seqs.
    private static func lost(_ gap: Control) -> UInt64 {
        if let count = gap.number(.n) { return UInt64(clamping: count) }
        guard let from = gap.number(.from), let to = gap.number(.to), to >= from else { return 0 }
        return UInt64(to - from) + 1
    }

    private mutating func change(_ log: String, _ body: (inout LogState) -> Void) {
        let name = LabelText.of(log)
        body(&logs[logNames.admits(name) ? name : LabelText.other, default: LogState()])
    }
}
