public import Events
import GRDB

/// Alerts about tollgate itself: what keeps the others from being raised or delivered.
///
/// Conditions in, steps out; its clock is handed in. An alert of a condition has the same id until it is resolved, also
/// across restarts, because what is open is handed in.
public struct MetaWatch: Sendable {
    /// What can be wrong.
    public enum Condition: String, Sendable, CaseIterable {
        /// No log has had a record for longer than somebody said there would be.
        case noEvents = "no_events"
        /// The warehouse is further behind the logs than somebody said it would be.
        case ingestLag = "ingest_lag"
        /// A sink's message could not be delivered for five minutes.
        case sinkFailing = "sink_failing"
        /// A gateway recorded that calls went on without records.
        case gap = "audit_gap"
        /// A log cannot be followed, or has lines that are no records.
        case logUnreadable = "log_unreadable"
        /// A log is not what was written or signed, by `LiveVerifier`.
        case verificationFailed = "verification_failed"

        /// How long it must last before people are told, in microseconds.
        var patience: Int64 { self == .sinkFailing ? 300_000_000 : 0 }

        /// How grave it is.
        var severity: String { self == .noEvents || self == .ingestLag ? "warn" : "page" }

        /// Whether it is a moment's, and over by itself.
        var isMoment: Bool { self == .gap || self == .logUnreadable }
    }

    /// A step, and the state that it leads to.
    public struct Step: Sendable, Equatable {
        /// What is told.
        public var notice: AlertNotice
        /// `firing` or `resolved`.
        public var state: String
    }

    private struct Key: Hashable {
        var condition: Condition
        var subject: String
    }

    private struct Open {
        var since: Timestamp
        var notice: AlertNotice?
        var lastSeen: Timestamp
    }

    /// After how long a moment's alert is resolved, in microseconds.
    public static let memoryMicroseconds: Int64 = 600_000_000

    private var open: [Key: Open] = [:]

    /// Takes over the alerts that are open.
    public init(open notices: [AlertNotice] = []) {
        for notice in notices {
            guard let condition = Condition(rawValue: notice.rule), let subject = notice.evidence["subject"] else {
                continue
            }
            open[Key(condition: condition, subject: subject)] = Open(
                since: Timestamp(microseconds: notice.start), notice: notice,
                lastSeen: Timestamp(microseconds: notice.at))
        }
    }

    /// What an open alert of a condition is about.
    public func subjects(of condition: Condition) -> Set<String> {
        Set(open.filter { $0.key.condition == condition && $0.value.notice != nil }.map(\.key.subject))
    }

    /// Says how a condition is: a problem in a sentence, or nil where there is none.
    ///
    /// - Parameter subject: the sink, the log.
    public mutating func observe(
        _ condition: Condition, _ subject: String, problem: String?, now: Timestamp
    ) -> [Step] {
        let key = Key(condition: condition, subject: subject)
        guard let problem else { return condition.isMoment ? [] : end(key, now) }
        var entry = open[key] ?? Open(since: now, lastSeen: now)
        entry.lastSeen = now
        defer { open[key] = entry }
        guard entry.notice == nil, now.since(entry.since) >= condition.patience else { return [] }
        let notice = Self.notice(key.condition, subject, problem, isFiring: true, since: entry.since, now: now)
        entry.notice = notice
        return [Step(notice: notice, state: "firing")]
    }

    /// Lets time pass: moments' alerts are over ten minutes after the last.
    public mutating func tick(_ now: Timestamp) -> [Step] {
        let over = open.filter { $0.key.condition.isMoment && now.since($0.value.lastSeen) >= Self.memoryMicroseconds }
        return over.keys.sorted { ($0.condition.rawValue, $0.subject) < ($1.condition.rawValue, $1.subject) }
            .flatMap { end($0, now) }
    }

    private mutating func end(_ key: Key, _ now: Timestamp) -> [Step] {
        guard let entry = open.removeValue(forKey: key), let notice = entry.notice else { return [] }
        let over = Self.notice(
            key.condition, key.subject, notice.summary, isFiring: false, since: entry.since, now: now)
        return [Step(notice: over, state: "resolved")]
    }

    private static func notice(
        _ condition: Condition, _ subject: String, _ problem: String, isFiring: Bool, since: Timestamp, now: Timestamp
    ) -> AlertNotice {
        let id = String(
            AlertNotice.digest([condition.rawValue, subject, "\(since.microseconds)"]).prefix(16))
        let state = isFiring ? "firing" : "resolved"
        let severity = condition.severity
        let json = NoticeText.json(
            now,
            [
                ("id", id), ("state", state), ("cause", isFiring ? "raised" : "cleared"), ("rule", condition.rawValue),
                ("severity", severity), ("start", since.description), ("subject", subject), ("summary", problem),
            ])
        let line = NoticeText.line(
            now, "\(severity.uppercased()) \(state) \(condition.rawValue): \(problem) [\(id)]")
        return AlertNotice(
            key: AlertNotice.digest([id, state]), id: id, rule: condition.rawValue, severity: severity,
            isFiring: isFiring, cause: isFiring ? "raised" : "cleared", at: now, start: since,
            end: isFiring ? nil : now, summary: problem, evidence: ["subject": subject, "id": id], json: json,
            line: line)
    }
}

extension Outbox {
    /// The sinks that have failed for a while, or given a message up within the hour, and why.
    public func failing(now: Timestamp) throws(OutboxError) -> [String: String] {
        try read { db in
            var found: [String: String] = [:]
            let waiting = try Row.fetchAll(
                db,
                sql: """
                    SELECT sink, count(*) AS n, max(error) AS error FROM delivery
                    WHERE state = 'waiting' AND attempts > 0 GROUP BY sink
                    """)
            for row in waiting {
                found[row["sink"]] = "\(row["n"] as Int) messages are not delivered: \(row["error"] as String? ?? "")"
            }
            let dead = try Row.fetchAll(
                db,
                sql: """
                    SELECT sink, count(*) AS n, max(error) AS error FROM delivery
                    WHERE state = 'dead' AND ended_us > ? GROUP BY sink
                    """, arguments: [now.microseconds - 3_600_000_000])
            for row in dead {
                found[row["sink"]] = "\(row["n"] as Int) messages were given up: \(row["error"] as String? ?? "")"
            }
            return found
        }
    }
}
