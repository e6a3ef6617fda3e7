public import Events
import GRDB

/// The same call, by agent, tool and arguments, stopped again and again.
public struct PersistentDenial: Sendable, Hashable {
    /// The agent, nil for callers that were not resolved.
    public var agent: String?
    /// The tool.
    public var name: ToolName
    /// The arguments' keyed digest.
    public var argumentDigest: Digest64?
    /// The rule of the last one.
    public var rule: String?
    /// The reason of the last one.
    public var reason: Reason
    /// How many times.
    public var calls: Int
    /// The first of them.
    public var first: Timestamp
    /// The last of them.
    public var last: Timestamp
    /// The last one's record.
    public var lastRecord: RecordName
}

extension WarehouseStore {
    /// Calls with known arguments that were stopped more than `limit` times; most often first.
    ///
    /// - Throws: `WarehouseError`.
    public func persistentDenials(
        in period: Period, moreThan limit: Int = 5, where filter: CallFilter = .all
    ) throws(WarehouseError) -> [PersistentDenial] {
        struct Key: Hashable {
            var agent: Int64
            var tool: Int64
            var digest: Int64
        }
        struct Count {
            var key: Key
            var first: Int64
            var last: Int64 = 0
            var lastID: Int64 = 0
            var tool: Int64 = 0
            var verdict: Int64 = 0
            var calls = 0
        }
        return try ask { db in
            let names = try self.names.read(db)
            var denials: [Count] = []
            var indices: [Key: Int] = [:]
            // The partial index gives the stopped calls by time.
            let sql = """
                SELECT actor, tool, arg_digest, verdict, ts_us, id FROM call
                WHERE mark = 1 AND ts_us >= \(period.from.microseconds) AND ts_us < \(period.to.microseconds)
                    AND arg_digest IS NOT NULL\(Selection(filter, names).condition(table: "call"))
                ORDER BY ts_us, id LIMIT -1
                """
            try db.forEachNumbers(sql) { row in
                let tool = row[1]
                let key = Key(agent: names.agentID(of: row[0]), tool: names.toolID(of: tool), digest: row[2])
                let at = row[4]
                let index = indices[key] ?? denials.count
                if index == denials.count {
                    indices[key] = index
                    denials.append(Count(key: key, first: at))
                }
                denials[index].calls += 1
                denials[index].last = at
                denials[index].lastID = row[5]
                denials[index].tool = tool
                denials[index].verdict = row[3]
            }
            let persistent = denials.filter { $0.calls > limit }.map { count in
                let verdict = names.verdicts[count.verdict]
                return PersistentDenial(
                    agent: names.agent(count.key.agent), name: names.tool(count.tool),
                    argumentDigest: Digest64(UInt64(bitPattern: count.key.digest)), rule: verdict?.rule,
                    reason: verdict?.reason ?? .internal, calls: count.calls,
                    first: Timestamp(microseconds: count.first), last: Timestamp(microseconds: count.last),
                    lastRecord: names.record(count.lastID))
            }
            return persistent.sorted {
                ($1.calls, $0.first, $0.agent ?? "", $0.name) < ($0.calls, $1.first, $1.agent ?? "", $1.name)
            }
        }
    }
}
