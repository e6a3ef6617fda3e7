public import Events
import GRDB

/// The busiest minute of a UTC day of an agent and a tool.
public struct DayPeak: Sendable, Hashable {
    /// The day's start.
    public var day: Timestamp
    /// The agent, nil for callers that were not resolved.
    public var agent: String?
    /// The tool, with the class it last came under.
    public var name: ToolName
    /// The minute and its calls.
    public var peak: PeakMinute
}

extension WarehouseStore {
    /// The busiest minute of each whole UTC day in a period, by agent and tool.
    ///
    /// - Throws: `WarehouseError`.
    public func dayPeaks(in period: Period) throws(WarehouseError) -> [DayPeak] {
        try ask { db in
            let names = try self.names.read(db)
            var peaks: [DayPeak] = []
            let sql = """
                SELECT day, agent, tool, calls, minute FROM peak_minute
                WHERE day >= ? AND day < ? AND agent <> 0 AND tool <> 0 ORDER BY day, agent, tool
                """
            let days = [
                Clock.firstStart(of: Clock.day, from: period.from.microseconds),
                Clock.start(of: Clock.day, holding: period.to.microseconds),
            ]
            try db.forEachRow(sql, StatementArguments(days)) { row in
                peaks.append(
                    DayPeak(
                        day: Timestamp(seconds: row.integer(0)), agent: names.agent(row.integer(1)),
                        name: names.tool(row.integer(2)),
                        peak: PeakMinute(calls: row.count(3), minute: Timestamp(seconds: row.integer(4)))))
            }
            return peaks
        }
    }
}
