import AuditLog
import Events
import Policy

/// What a starting gateway has to know of the time before: what limits still count, and what was never answered.
struct LogHistory {
    /// What allowed calls took and nobody gave back, in the order of the log.
    private(set) var reservations: [Reservation] = []
    /// Forwarded requests without an outcome, in the order of the log.
    private(set) var unanswered: [(seq: UInt64, decision: Decision)] = []

    /// A call that was under way when a process died had been decided no longer before the log's last record.
    private static let longestCall: Int64 = 3_600_000_000

    /// Reads a log's last part: the longest window before now, and an hour before its last record.
    ///
    /// - Throws: `LogError`.
    init(_ log: LogDirectory, recovery: RecoveryReport, now: Timestamp, longestWindow: Int64) throws(LogError) {
        guard let last = recovery.lastTimestamp else { return }
        let windowStart = now.advanced(by: -longestWindow)
        let reader = try LogReader(log, fromTime: min(windowStart, last.advanced(by: -LogHistory.longestCall)))
        var open: [UInt64: Decision] = [:]
        var taken: [UInt64: Reservation] = [:]
        while reader.nextSeq < recovery.nextSeq, let block = try reader.nextBlock() {
            block.forEachLine { seq, line in
                guard let record = try? Record(utf8: line) else { return }
                switch record.body {
                case .decision(let decision):
                    let passed = decision.verdict == .allow || decision.mode == .shadow
                    if passed, !decision.method.hasPrefix("notifications/") { open[seq] = decision }
                    // A clock that was set back since must not freeze limits until it has caught up.
                    let time = min(record.timestamp, now)
                    if time > windowStart, let taking = Reservation(decision, at: time) { taken[seq] = taking }
                case .outcome(let outcome):
                    open[outcome.of] = nil
                    if outcome.reservation == .rolledBack { taken[outcome.of] = nil }
                case .control: break
                }
            }
        }
        reservations = taken.sorted { $0.key < $1.key }.map(\.value)
        unanswered = open.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}
