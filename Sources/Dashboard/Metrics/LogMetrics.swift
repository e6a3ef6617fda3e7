public import Events

/// Counts the records of logs, as they are followed, for `/metrics`.
///
/// Counters begin with the process; who wants rates takes their increases. There are names of servers, tools, agents and
/// rules in them, never an argument or a result.
public struct LogMetrics: Sendable {
    /// How a log stands.
    struct LogState: Sendable {
        /// Whether it stands for several logs.
        var isShared = false
        var records: [RecordKind: UInt64] = [.decision: 0, .outcome: 0, .control: 0]
        var newest: Timestamp?
        var gaps: UInt64 = 0
        var lost: UInt64 = 0
        var missing: UInt64 = 0
        var unreadable: UInt64 = 0
        /// The seq behind the last one read.
        var nextSeq: UInt64?
    }

    private(set) var calls: CallFigures
    private(set) var alerts: AlertFigures
    private(set) var logs: [String: LogState] = [:]
    private(set) var logNames: FirstComers<String>
    private(set) var refused: [Reason: UInt64] = [:]
    private(set) var controls: [ControlEvent: UInt64] = [:]
    private let since: Timestamp

    /// Counts nothing yet.
    ///
    /// - Parameter since: the process's beginning. What is read of the time before is not counted again: its series begin at 0,
    ///   so that what comes next is an increase, and alerts that it leaves open are.
    public init(since: Timestamp, limits: MetricLimits = MetricLimits()) {
        self.since = since
        calls = CallFigures(limits)
        alerts = AlertFigures(limits)
        logNames = FirstComers(limits.logs)
    }

    /// Counts one record.
    ///
    /// A log that is opened anew may give records again: they are passed over.
    ///
    /// - Parameter log: the log's name.
    public mutating func observe(_ record: Record, log: String) {
        let count: UInt64 = record.timestamp < since ? 0 : 1
        var isKnown = false
        change(log, count) { state in
            if let next = state.nextSeq, record.seq < next, let newest = state.newest, record.timestamp <= newest {
                isKnown = !state.isShared
            }
            guard !isKnown else { return }
            state.records[record.kind, default: 0] += count
            state.newest = max(state.newest ?? record.timestamp, record.timestamp)
            state.nextSeq = record.seq + 1
        }
        guard !isKnown else { return }
        switch record.body {
        case .decision(let decision): observe(decision, count)
        case .outcome(let outcome): calls.observe(outcome, count)
        case .control(let control): observe(control, log: log, count)
        }
    }

    /// Counts one line of a log.
    ///
    /// - Parameter record: nil where it is none.
    mutating func observe(_ record: Record?, log: String) {
        if let record { observe(record, log: log) } else { change(log, 1) { $0.unreadable += 1 } }
    }

    /// Counts records of a log that damage made unreadable.
    public mutating func noteMissing(_ seqs: Range<UInt64>, log: String) {
        change(log, 1) { state in
            let first = max(seqs.lowerBound, state.isShared ? 0 : state.nextSeq ?? 0)
            if first < seqs.upperBound { state.missing += seqs.upperBound - first }
        }
    }

    /// Takes over an alert that is open since before the logs were followed.
    ///
    /// - Parameter state: as its records say it: `firing`, `acknowledged`, `silenced`, `inhibited`.
    public mutating func takeOver(alert id: String, rule: String, severity: String, state: String) {
        alerts.takeOver(id, rule: rule, severity: severity, state: state)
    }

    private mutating func observe(_ decision: Decision, _ count: UInt64) {
        if let alike = decision.coalesced {
            refused[decision.reason, default: 0] += count * UInt64(max(0, alike))
        } else {
            calls.observe(decision, count)
        }
    }

    private mutating func observe(_ control: Control, log: String, _ count: UInt64) {
        controls[control.event, default: 0] += count
        switch control.event {
        case .gap:
            let lost = LogMetrics.lost(control)
            change(log, 0) { state in
                state.gaps += count
                state.lost += count * lost
            }
        case .refused:
            guard let reason = control.text(.reason).flatMap(Reason.init) else { return }
            refused[reason, default: 0] += count * UInt64(clamping: control.number(.n) ?? 1)
        case .alert: alerts.observe(control, count)
        case .brake:
            calls.observeBrake(server: control.text(.server) ?? "", tool: control.text(.tool) ?? "", count)
        default: break
        }
    }

    /// How many records a gap says were lost: `n`, or what is from `from` to `to` where those are seqs.
    private static func lost(_ gap: Control) -> UInt64 {
        if let count = gap.number(.n) { return UInt64(clamping: count) }
        guard let from = gap.number(.from), let to = gap.number(.to), to >= from else { return 0 }
        return UInt64(to - from) + 1
    }

    private mutating func change(_ log: String, _ count: UInt64, _ body: (inout LogState) -> Void) {
        let name = LabelText.of(log)
        let isKnown = logNames.admits(name, count)
        body(&logs[isKnown ? name : LabelText.other, default: LogState(isShared: !isKnown)])
    }
}
