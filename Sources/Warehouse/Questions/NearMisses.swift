public import Events
import GRDB

/// A limit that calls came close to, and passed.
public struct NearMiss: Sendable, Hashable {
    /// The agent, nil for callers that were not resolved.
    public var agent: String?
    /// The tool.
    public var name: ToolName
    /// The limit's counter.
    public var counter: String
    /// Its window, in seconds.
    public var windowSeconds: Int
    /// The most it allows.
    public var maximum: Int
    /// Calls that passed with at least 80 % of it used.
    public var calls: Int
    /// The most that was used.
    public var highest: Int
    /// The last such call.
    public var last: Timestamp
}

extension WarehouseStore {
    /// Limits of which at least 80 % was used by calls that passed; most such calls first.
    ///
    /// - Throws: `WarehouseError`.
    public func nearMisses(in period: Period) throws(WarehouseError) -> [NearMiss] {
        struct Key: Hashable {
            var agent: Int64
            var tool: Int64
            var counter: String
            var window: Int
            var maximum: Int
        }
        return try ask { db in
            let names = try self.names.read(db)
            var misses: [Key: NearMiss] = [:]
            let sql = """
                SELECT actor, tool, verdict, count(*), max(limit_used), max(ts_us)
                FROM call WHERE mark = 2 AND ts_us >= ? AND ts_us < ? GROUP BY 1, 2, 3
                """
            try db.forEachRow(sql, [period.from.microseconds, period.to.microseconds]) { row in
                guard let verdict = names.verdicts[row.integer(2)], let counter = verdict.limitCounter else { return }
                let key = Key(
                    agent: names.agentID(of: row.integer(0)), tool: names.toolID(of: row.integer(1)),
                    counter: counter, window: verdict.limitWindow, maximum: verdict.limitMaximum)
                var miss =
                    misses[key]
                    ?? NearMiss(
                        agent: names.agent(key.agent), name: names.tool(row.integer(1)), counter: counter,
                        windowSeconds: key.window, maximum: key.maximum, calls: 0, highest: 0,
                        last: Timestamp(microseconds: .min))
                miss.calls += row.count(3)
                miss.highest = max(miss.highest, row.count(4))
                miss.last = max(miss.last, Timestamp(microseconds: row.integer(5)))
                misses[key] = miss
            }
            return misses.values.sorted {
                ($1.calls, $0.agent ?? "", $0.name, $0.counter) < ($0.calls, $1.agent ?? "", $1.name, $1.counter)
            }
        }
    }
}
