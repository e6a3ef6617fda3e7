/// How the old rows of one table are found, and how one of them is deleted.
///
/// Finding takes no lock: what was found is then deleted by key, in a transaction that has a bounded number of rows.
struct Sweep {
    /// What the rows belong to.
    var subject: KeepRule.Subject
    /// The table.
    var table: String
    /// Gives keys of at most `?3` rows before the cut `?1`, in the column's unit, from the place `?2` on; the first
    /// column is the place of the row.
    var find: String
    /// Deletes the row whose key is `?1`, `?2`, ….
    var delete: String
    /// How many columns a key has.
    var keyColumns: Int32
    /// Whether times are in seconds, as hours and days are, and not in microseconds.
    var isInSeconds = false
    /// Whether ids tell which seqs of which log had a row.
    var isByRecord = false

    /// Everything that can be deleted, rows before their sums, so that a kill in between leaves no row without them.
    static let all: [Sweep] =
        [
            byHour(.calls, "call"), byTime(.calls, "late", "ts_us"), byHour(.requests, "request"),
            // What a gap record says of its time is needed as long as the gap itself.
            byTime(.events, "control_event", "ts_us", " AND event <> 'gap'"), alerts, transitions, rejects,
            bySum("rollup_hour", .hours, "hour", ["actor", "tool", "verdict", "outcome"]),
            bySum("request_hour", .hours, "hour", ["actor", "tool", "verdict"]), hours,
            bySum("rollup_day", .days, "day", ["actor", "tool", "verdict", "outcome"]),
            bySum("peak_minute", .days, "day", ["agent", "tool"]),
            bySum("latency", .days, "day", ["agent", "tool", "bucket"]),
        ]

    /// There is no index by time: `hour` says where the rows of an hour stand.
    private static func byHour(_ subject: KeepRule.Subject, _ table: String) -> Sweep {
        Sweep(
            subject: subject, table: table,
            find: """
                SELECT hour.hour, \(table).id FROM hour
                JOIN \(table) ON \(table).id BETWEEN hour.log << 40 | hour.first_seq AND hour.log << 40 | hour.last_seq
                    AND \(table).ts_us >= hour.hour * 1000000 AND \(table).ts_us < (hour.hour + 3600) * 1000000
                WHERE hour.hour < ?1 AND hour.hour >= ?2 LIMIT ?3
                """,
            delete: "DELETE FROM \(table) WHERE id = ?1", keyColumns: 1, isInSeconds: true, isByRecord: true)
    }

    private static func byTime(
        _ subject: KeepRule.Subject, _ table: String, _ time: String, _ condition: String = ""
    ) -> Sweep {
        Sweep(
            subject: subject, table: table,
            find: "SELECT id, id FROM \(table) WHERE \(time) < ?1 AND id >= ?2\(condition) ORDER BY id LIMIT ?3",
            delete: "DELETE FROM \(table) WHERE id = ?1", keyColumns: 1)
    }

    private static func bySum(
        _ table: String, _ subject: KeepRule.Subject, _ start: String, _ others: [String]
    ) -> Sweep {
        let key = [start] + others
        let match = key.enumerated().map { "\($1) = ?\($0 + 1)" }.joined(separator: " AND ")
        return Sweep(
            subject: subject, table: table,
            find: """
                SELECT \(start), \(key.joined(separator: ", ")) FROM \(table)
                WHERE \(start) < ?1 AND \(start) >= ?2 ORDER BY \(key.joined(separator: ", ")) LIMIT ?3
                """,
            delete: "DELETE FROM \(table) WHERE \(match)", keyColumns: Int32(key.count), isInSeconds: true)
    }

    /// An hour goes when no row is left that only it leads to.
    private static let hours = Sweep(
        subject: .hours, table: "hour",
        find: """
            SELECT hour, hour, log FROM hour
            WHERE hour < ?1 AND hour >= ?2 AND \(isEmptyHour("call")) AND \(isEmptyHour("request"))
            ORDER BY hour, log LIMIT ?3
            """,
        delete: """
            DELETE FROM hour WHERE hour = ?1 AND log = ?2 AND \(isEmptyHour("call")) AND \(isEmptyHour("request"))
            """,
        keyColumns: 2, isInSeconds: true)

    private static func isEmptyHour(_ table: String) -> String {
        """
        NOT EXISTS (SELECT 1 FROM \(table) WHERE \(table).id BETWEEN hour.log << 40 | hour.first_seq
            AND hour.log << 40 | hour.last_seq AND \(table).ts_us >= hour.hour * 1000000
            AND \(table).ts_us < (hour.hour + 3600) * 1000000)
        """
    }

    private static let isOver = "state NOT IN ('firing', 'pending')"

    /// By the record of the newest transition, which leads to the alert by its key.
    private static let alerts = Sweep(
        subject: .alerts, table: "alert",
        find:
            "SELECT record, record FROM alert WHERE updated_us < ?1 AND \(isOver) AND record >= ?2 ORDER BY 1 LIMIT ?3",
        delete: "DELETE FROM alert WHERE id = (SELECT alert FROM alert_transition WHERE id = ?1)", keyColumns: 1)

    private static let transitions = Sweep(
        subject: .alerts, table: "alert_transition",
        find: """
            SELECT id, id FROM alert_transition
            WHERE id >= ?2 AND ts_us < ?1 AND NOT EXISTS (SELECT 1 FROM alert WHERE alert.id = alert_transition.alert)
            ORDER BY id LIMIT ?3
            """,
        delete: "DELETE FROM alert_transition WHERE id = ?1", keyColumns: 1)

    /// A line that is no record has no time: it is as old as the rows before it in its log.
    private static let rejects = Sweep(
        subject: .rejects, table: "reject",
        find: """
            SELECT reject.id, reject.id FROM reject
            WHERE reject.id >= ?2 AND reject.id < (
                SELECT cursor.log << 40 | coalesce(
                    (SELECT min(first_seq) FROM hour WHERE hour.log = cursor.log AND hour.hour * 1000000 >= ?1),
                    CASE WHEN cursor.last_us < ?1 THEN cursor.next_seq ELSE 0 END)
                FROM cursor WHERE cursor.log = reject.id >> 40)
            ORDER BY reject.id LIMIT ?3
            """,
        delete: "DELETE FROM reject WHERE id = ?1", keyColumns: 1)
}
