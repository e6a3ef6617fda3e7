public import Events
import GRDB

/// A message as the outbox has it.
public struct QueuedDelivery: Sendable, Equatable {
    /// Its number.
    public var number: Int64
    /// The sink's name.
    public var sink: String
    /// The message.
    public var delivery: AlertDelivery
    /// `waiting`, `done` or `dead`.
    public var state: String
    /// How often it was tried.
    public var attempts: Int
    /// When it is tried next.
    public var due: Timestamp
    /// When it was queued.
    public var queued: Timestamp
    /// What went wrong last.
    public var error: String?

    init(_ row: Row) throws {
        number = row["n"]
        sink = row["sink"]
        delivery = AlertDelivery(
            key: row["key"], lane: row["lane"], notices: try Outbox.value([AlertNotice].self, row["notices"]))
        state = row["state"]
        attempts = row["attempts"]
        due = Timestamp(microseconds: row["due_us"])
        queued = Timestamp(microseconds: row["queued_us"])
        error = row["error"]
    }
}

extension Outbox {
    /// How long delivered messages and resolved alerts are remembered, in microseconds: 30 days.
    static let memoryMicroseconds: Int64 = 2_592_000_000_000

    /// The next message that is due: the oldest of those before which none of the same lane waits.
    func next(for sink: String, now: Timestamp) throws(OutboxError) -> QueuedDelivery? {
        try read { db in
            try Row.fetchOne(
                db,
                sql: """
                    SELECT * FROM delivery AS d WHERE sink = ?1 AND state = 'waiting' AND due_us <= ?2 AND NOT EXISTS (
                        SELECT 1 FROM delivery AS e
                        WHERE e.sink = ?1 AND e.state = 'waiting' AND e.lane = d.lane AND e.n < d.n)
                    ORDER BY n LIMIT 1
                    """, arguments: [sink, now.microseconds]
            ).map { try QueuedDelivery($0) }
        }
    }

    /// How many messages wait for these sinks, those still being gathered included.
    public func waiting(for sinks: [String]) throws(OutboxError) -> Int {
        try read { db in
            var count = 0
            for sink in sinks {
                count +=
                    try Int.fetchOne(
                        db,
                        sql: """
                            SELECT (SELECT count(*) FROM delivery WHERE sink = ?1 AND state = 'waiting')
                                + (SELECT count(*) FROM gathered WHERE sink = ?1 AND is_sent = 0)
                            """, arguments: [sink]) ?? 0
            }
            return count
        }
    }

    /// Notes an attempt's end: delivered, to be tried again at `retry`, or dead.
    func end(_ number: Int64, error: String?, retry: Timestamp?, now: Timestamp) throws(OutboxError) {
        let state = error == nil ? "done" : retry == nil ? "dead" : "waiting"
        try write { db in
            try db.execute(
                sql: """
                    UPDATE delivery SET state = ?2, attempts = attempts + 1, due_us = coalesce(?3, due_us), error = ?4,
                        ended_us = CASE ?2 WHEN 'waiting' THEN NULL ELSE ?5 END
                    WHERE n = ?1
                    """, arguments: [number, state, retry?.microseconds, error, now.microseconds])
        }
    }

    /// Makes the messages of all groups whose time has come.
    ///
    /// A group's message holds what happened since its last one and what still fires of the rest.
    ///
    /// - Parameter isForced: whether none waits any longer, because the watch ends.
    func gatherGroups(
        for sink: String, times: GroupTimes, now: Timestamp, isForced: Bool = false
    ) throws(OutboxError) {
        try write { db in
            let waiting = try Row.fetchAll(
                db,
                sql: """
                    SELECT g.lane, min(g.at_us) AS first_us, l.sent_us FROM gathered AS g
                    LEFT JOIN lane AS l ON l.sink = g.sink AND l.lane = g.lane
                    WHERE g.sink = ? AND g.is_sent = 0 GROUP BY g.lane ORDER BY first_us, g.lane
                    """, arguments: [sink])
            for row in waiting {
                let first: Int64 = row["first_us"]
                let sent: Int64? = row["sent_us"]
                let due = sent.map { max(first, $0 + times.intervalMicroseconds) } ?? first + times.waitMicroseconds
                // Long after its last message a group begins anew: it waits for others as the first time.
                let start = max(
                    due,
                    first
                        + (sent.map { first - $0 > times.intervalMicroseconds } ?? true
                            ? times.waitMicroseconds : 0))
                guard isForced || start <= now.microseconds else { continue }
                try send(lane: row["lane"], to: sink, now, db)
            }
            let quiet = try Row.fetchAll(
                db, sql: "SELECT lane FROM lane WHERE sink = ? AND sent_us <= ? ORDER BY lane",
                arguments: [sink, now.microseconds - times.repeatMicroseconds])
            for row in quiet { try send(lane: row["lane"], to: sink, now, db) }
        }
    }

    private func send(lane: String, to sink: String, _ now: Timestamp, _ db: Database) throws {
        let rows = try Row.fetchAll(
            db, sql: "SELECT key, notice FROM gathered WHERE sink = ? AND lane = ? AND is_sent = 0 ORDER BY at_us, key",
            arguments: [sink, lane])
        var notices: [AlertNotice] = []
        for row in rows {
            let notice = try Outbox.value(AlertNotice.self, row["notice"])
            // The newest step of each alert says it all.
            notices.removeAll { $0.id == notice.id }
            notices.append(notice)
        }
        let told = Set(notices.map(\.id))
        for notice in try Outbox.firing(db) where AlertGroup.key(notice) == lane && !told.contains(notice.id) {
            notices.append(notice)
        }
        guard !notices.isEmpty else {
            try db.execute(sql: "DELETE FROM lane WHERE sink = ? AND lane = ?", arguments: [sink, lane])
            return
        }
        let key = AlertNotice.digest([lane, "\(now.microseconds)"] + notices.map(\.key))
        try Outbox.queue(AlertDelivery(key: key, lane: lane, notices: notices), sink, now, db)
        try db.execute(
            sql: "UPDATE gathered SET is_sent = 1 WHERE sink = ? AND lane = ? AND is_sent = 0", arguments: [sink, lane])
        try db.execute(
            sql: "INSERT OR REPLACE INTO lane (sink, lane, sent_us) VALUES (?, ?, ?)",
            arguments: [sink, lane, now.microseconds])
    }

    /// The newest notices of the alerts that fire and that people hear of.
    public func firing() throws(OutboxError) -> [AlertNotice] {
        try read { try Outbox.firing($0) }
    }

    static func firing(_ db: Database) throws -> [AlertNotice] {
        try String.fetchAll(
            db, sql: "SELECT notice FROM alert WHERE state = 'firing' AND is_told ORDER BY updated_us, id"
        ).map { try value(AlertNotice.self, $0) }
    }

    /// Forgets what was delivered or given up long ago.
    func forget(now: Timestamp) throws(OutboxError) {
        let before = now.microseconds - Outbox.memoryMicroseconds
        try write { db in
            try db.execute(
                sql: "DELETE FROM delivery WHERE state <> 'waiting' AND ended_us < ?", arguments: [before])
            try db.execute(sql: "DELETE FROM gathered WHERE is_sent AND at_us < ?", arguments: [before])
            try db.execute(
                sql: "DELETE FROM alert WHERE state = 'resolved' AND updated_us < ?", arguments: [before])
            try db.execute(sql: "DELETE FROM silence WHERE until_us < ?", arguments: [before])
            try db.execute(sql: "DELETE FROM request WHERE answer IS NOT NULL AND at_us < ?", arguments: [before])
        }
    }
}
