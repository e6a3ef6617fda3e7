/// The rows of a time.
enum CallRows {
    /// `FROM … WHERE …` for rows with a time in [from, to), given in microseconds: `hour` says where they stand, so
    /// that no index by time is needed.
    ///
    /// The limit keeps SQLite from working the bounds out again for each row, and the join's order is the hours'.
    static func source(_ from: Int64, _ to: Int64, of table: String = "call") -> String {
        """
        FROM (SELECT hour, log << 40 | first_seq AS first, log << 40 | last_seq AS last,
                max(hour * 1000000, \(from)) AS since, min((hour + 3600) * 1000000, \(to)) AS until
            FROM hour WHERE hour >= \(Clock.start(of: Clock.hour, holding: from)) AND hour * 1000000 < \(to)
            ORDER BY hour, log LIMIT -1) AS hour
        CROSS JOIN \(table) ON \(table).id BETWEEN hour.first AND hour.last
            AND \(table).ts_us >= hour.since AND \(table).ts_us < hour.until
        WHERE true
        """
    }

    /// The same for the calls of a selection; hours that have none of them, as the roll-up knows, are passed over.
    static func source(_ from: Int64, _ to: Int64, selection: Selection) -> String {
        let condition = selection.condition()
        guard !condition.isEmpty else { return source(from, to) }
        return """
            \(source(from, to)) AND hour.hour IN (
                SELECT hour FROM rollup_hour WHERE hour >= \(Clock.start(of: Clock.hour, holding: from))
                    AND hour * 1000000 < \(to)\(condition))\(selection.condition(table: "call"))
            """
    }
}
