public import Events
import GRDB

/// The first time that an agent called a tool.
public struct FirstUse: Sendable, Hashable {
    /// The agent, nil for callers that were not resolved.
    public var agent: String?
    /// The tool.
    public var name: ToolName
    /// When.
    public var at: Timestamp
    /// The call.
    public var record: RecordName
    /// Whether nobody had called the tool before.
    public var byAnyone: Bool
}

extension WarehouseStore {
    /// Pairs of agent and tool that were first seen within the period, in the order in which they were.
    ///
    /// - Throws: `WarehouseError`.
    public func firstUses(in period: Period) throws(WarehouseError) -> [FirstUse] {
        try ask { db in
            let names = try self.names.read(db)
            var uses: [FirstUse] = []
            let sql = """
                SELECT agent, tool, ts_us, call,
                    call = (SELECT a.call FROM first_use AS a WHERE a.agent = 0 AND a.tool = u.tool)
                FROM first_use AS u WHERE agent <> 0 AND ts_us >= ? AND ts_us < ? ORDER BY ts_us, call
                """
            try db.forEachRow(sql, [period.from.microseconds, period.to.microseconds]) { row in
                uses.append(
                    FirstUse(
                        agent: names.agent(row.integer(0)), name: names.tool(row.integer(1)),
                        at: Timestamp(microseconds: row.integer(2)), record: names.record(row.integer(3)),
                        byAnyone: row.integer(4) == 1))
            }
            return uses
        }
    }
}
