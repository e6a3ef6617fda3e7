import AuditLog
import Events
import Policy

/// What a starting gateway has to know of the time before: what limits still count, and what was never answered.
struct LogHistory {
    /// What an allowed call took, and under which policy.
    struct Taking {
        let policy: String
        let reservation: Reservation
    }

    /// What allowed calls took and nobody gave back, in the order of the log.
    private(set) var reservations: [Taking] = []
    /// Forwarded requests without an outcome, in the order of the log.
    private(set) var unanswered: [(seq: UInt64, decision: Decision)] = []

    /// Calls that waited for a person when a process ended, in the order of the log.
    private(set) var held: [(seq: UInt64, decision: Decision)] = []

    /// The brakes that were on, and the alerts whose brakes a person has lifted.
    private(set) var brakes = BrakeHistory()

    /// A call that was under way when a process died had been decided no longer before the log's last record.
    private static let longestCall: Int64 = 3_600_000_000

    /// Reads a log's last part: the longest window before now, and before its last record an hour, or the longest time that a
    /// call may wait for a person or a brake be on.
    ///
    /// - Throws: `LogError`.
    init(
        _ log: LogDirectory, recovery: RecoveryReport, now: Timestamp, longestWindow: Int64, longestApproval: Int64,
        longestBrake: Int64
    ) throws(LogError) {
        guard let last = recovery.lastTimestamp else { return }
        let windowStart = now.advanced(by: -longestWindow)
        let longestCall = max(LogHistory.longestCall, longestApproval, longestBrake)
        let reader = try LogReader(log, fromTime: min(windowStart, last.advanced(by: -longestCall)))
        var waiting: [UInt64: Decision] = [:]
        var open: [UInt64: Decision] = [:]
        var taken: [UInt64: Taking] = [:]
        while reader.nextSeq < recovery.nextSeq, let block = try reader.nextBlock() {
            block.forEachLine { seq, line in
                guard let record = try? Record(utf8: line) else { return }
                switch record.body {
                case .decision(let decision):
                    let passed = decision.verdict == .allow || decision.mode == .shadow
                    if decision.verdict == .hold, !passed { waiting[seq] = decision }
                    if let hold = decision.of { waiting[hold] = nil }
                    if passed, !decision.method.hasPrefix("notifications/") { open[seq] = decision }
                    // A clock that was set back since must not freeze limits until it has caught up.
                    let time = min(record.timestamp, now)
                    if time > windowStart, let policy = decision.policy,
                        let reservation = Reservation(decision, at: time)
                    {
                        taken[seq] = Taking(policy: policy, reservation: reservation)
                    }
                case .outcome(let outcome):
                    open[outcome.of] = nil
                    if outcome.reservation == .rolledBack { taken[outcome.of] = nil }
                case .control(let control): brakes.take(control, name: "\(log.name)/\(seq)")
                }
            }
        }
        reservations = taken.sorted { $0.key < $1.key }.map(\.value)
        held = waiting.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        unanswered = open.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// Records what was never answered as such, and ends what waited for a person.
    func markUnanswered(in log: LogWriter) {
        for (seq, decision) in held {
            let end = HeldCall.denial(of: decision, hold: seq, .approvalExpired, HeldCall.endedWithGateway)
            log.append(isUrgent: false) { _, _ in .decision(end) }
        }
        for (seq, decision) in unanswered {
            var outcome = Outcome(of: seq, ending: .unanswered)
            outcome.agent = decision.agent
            outcome.server = decision.server
            outcome.tool = decision.tool
            outcome.method = decision.method
            log.append(isUrgent: false) { _, _ in .outcome(outcome) }
        }
    }
}
