import Events
import GRDB

/// The busiest minutes of the whole UTC days of a period, of each agent and tool.
public struct DayPeaks: Sendable {
    /// One agent's busiest minute with one tool on one day.
    struct Row: Sendable {
        /// The day's start, in seconds since 1970.
        var day: Int64
        /// `agent_id`.
        var agent: Int64
        /// `tool_id`.
        var tool: Int64
        /// Calls in the minute.
        var calls: Int64
    }

    /// The busiest minutes of a tool's agents and days.
    public struct Tool: Sendable {
        /// The tool, with the class it first came under.
        public var name: ToolName
        /// Calls in the busiest minute, one for each of its agents' days.
        public var calls: [Int]
    }

    let rows: [Row]
    private let names: NameTables

    fileprivate init(_ rows: [Row], _ names: NameTables) {
        self.rows = rows
        self.names = names
    }

    /// The tools, in no order.
    public var tools: [Tool] {
        var calls = PackedTable<[Int]>()
        for row in rows {
            let index = calls.index(of: PackedKey(high: 0, low: UInt64(bitPattern: row.tool)), initial: [])
            calls.values[index].append(Int(row.calls))
        }
        return zip(calls.keys, calls.values).map { Tool(name: names.tool(Int64(bitPattern: $0.low)), calls: $1) }
    }
}

extension WarehouseStore {
    /// The busiest minute of each whole UTC day in a period, by agent and tool.
    ///
    /// - Throws: `WarehouseError`.
    public func dayPeaks(in period: Period) throws(WarehouseError) -> DayPeaks {
        try ask { db in
            let names = try self.names.read(db)
            var rows: [DayPeaks.Row] = []
            let sql = """
                SELECT day, agent, tool, calls FROM peak_minute
                WHERE day >= \(Clock.firstStart(of: Clock.day, from: period.from.microseconds))
                    AND day < \(Clock.start(of: Clock.day, holding: period.to.microseconds)) AND agent <> 0 AND tool <> 0
                """
            try db.forEachNumbers(sql) { row in
                rows.append(DayPeaks.Row(day: row[0], agent: row[1], tool: row[2], calls: row[3]))
            }
            return DayPeaks(rows, names)
        }
    }
}
