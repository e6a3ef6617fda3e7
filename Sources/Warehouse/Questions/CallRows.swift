/// The rows of a time.
enum CallRows {
    /// `FROM … WHERE …` for rows with a time in [from, to), given in microseconds: `hour` says where they stand, so
    /// that no index by time is needed.
    static func source(_ from: Int64, _ to: Int64, of table: String = "call") -> String {
        """
        FROM hour JOIN \(table) ON \(table).id BETWEEN hour.log << 40 | hour.first_seq AND hour.log << 40 | hour.last_seq
            AND \(table).ts_us >= max(hour.hour * 1000000, \(from))
            AND \(table).ts_us < min((hour.hour + 3600) * 1000000, \(to))
        WHERE hour.hour >= \(Clock.start(of: Clock.hour, holding: from)) AND hour.hour * 1000000 < \(to)
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
