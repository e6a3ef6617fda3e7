import Events
import GRDB

/// What an agent did after it was throttled.
public struct RetryCount: Sendable, Hashable {
    /// The agent, nil for callers that were not resolved.
    public var agent: String?
    /// The tool.
    public var name: ToolName
    /// Throttled calls.
    public var throttles: Int
    /// Those of them that the same agent followed with a call of the same tool within an hour.
    public var retried: Int
    /// Those that it followed before `retry_after` had passed.
    public var early: Int
    /// The median time to that next call, in microseconds.
    public var medianMicroseconds: Int64?
}

extension WarehouseStore {
    /// How soon each throttled agent came back, and whether it waited as it was told; most throttles first.
    ///
    /// - Throws: `WarehouseError`.
    public func retries(in period: Period, where filter: CallFilter = .all) throws(WarehouseError) -> [RetryCount] {
        try ask { db in
            let names = try self.names.read(db)
            var selection = Selection(filter, names)
            selection.verdicts = names.verdicts.values
                .filter { $0.decision == .throttle && $0.mode == .enforce }.map(\.id).sorted()
            // Only agents and tools that were throttled are looked at row by row.
            let source = CellSource(period: period, selection: selection)
            let throttled = Set(try source.sums(db, by: [.actor, .tool]).map { Grouping.agentTool.key($0, names) })
            guard !throttled.isEmpty else { return [] }
            let verdicts = Set(selection.verdicts ?? [])
            var calls: [AgentTool: [CallMoment]] = [:]
            let until = period.to.microseconds + Clock.hour * Clock.second
            let sql = """
                SELECT call.ts_us, call.id, call.actor, call.tool, call.verdict,
                    CASE call.mark WHEN 1 THEN
                        coalesce((SELECT retry_after_ms FROM call_rare WHERE call_rare.id = call.id), -1) END
                \(CallRows.source(period.from.microseconds, until))\(throttledCondition(throttled, names))
                    AND hour.hour IN (\(hours(period, selection)))
                """
            try db.forEachNumbers(sql) { row in
                let key = AgentTool(agent: names.agentID(of: row[2]), tool: names.toolID(of: row[3]))
                guard throttled.contains(key) else { return }
                let isThrottle = verdicts.contains(row[4]) && row[0] < period.to.microseconds
                calls[key, default: []].append(
                    CallMoment(at: row[0], id: row[1], isThrottle: isThrottle, retryAfter: row[5] < 0 ? nil : row[5]))
            }
            let counts = calls.compactMap { key, calls -> RetryCount? in
                let waits = ThrottleWaits(calls)
                guard waits.throttles > 0 else { return nil }
                return RetryCount(
                    agent: names.agent(key.agent), name: names.tool(key.tool), throttles: waits.throttles,
                    retried: waits.waits.count, early: waits.early, medianMicroseconds: waits.median)
            }
            return counts.sorted {
                ($1.throttles, $0.agent ?? "", $0.name) < ($0.throttles, $1.agent ?? "", $1.name)
            }
        }
    }

    /// Hours with a throttled call, which an index of stopped calls finds, and the hours after them.
    private func hours(_ period: Period, _ selection: Selection) -> String {
        let stopped = """
            FROM call AS stopped WHERE mark = 1 AND ts_us >= \(period.from.microseconds) AND ts_us < \(period.to.microseconds)
                \(selection.condition(table: "stopped"))
            """
        return """
            SELECT throttled.hour + later.column1
            FROM (SELECT DISTINCT ts_us / 3600000000 * 3600 AS hour \(stopped)) AS throttled, (VALUES (0), (3600)) AS later
            """
    }

    private func throttledCondition(_ throttled: Set<AgentTool>, _ names: NameTables) -> String {
        let agents = Set(throttled.map(\.agent))
        let tools = Set(throttled.map(\.tool))
        let actors = names.actors.values.filter { agents.contains($0.agentID) }.map { String($0.id) }.sorted()
        let rows = names.tools.values.filter { tools.contains($0.toolID) }.map { String($0.id) }.sorted()
        return """
             AND +call.actor IN (\(actors.joined(separator: ", "))) AND +call.tool IN (\(rows.joined(separator: ", ")))
            """
    }
}

/// A call of an agent and tool that was throttled now and then.
private struct CallMoment {
    var at: Int64
    var id: Int64
    var isThrottle: Bool
    /// Milliseconds; nil where the throttle named none.
    var retryAfter: Int64?
}

/// The throttles of one agent and tool, and the waits that followed.
private struct ThrottleWaits {
    private(set) var throttles = 0
    private(set) var waits: [Int64] = []
    private(set) var early = 0

    init(_ calls: [CallMoment]) {
        var open: CallMoment?
        for call in calls.sorted(by: { ($0.at, $0.id) < ($1.at, $1.id) }) {
            if let throttle = open, call.at - throttle.at <= Clock.hour * Clock.second {
                waits.append(call.at - throttle.at)
                if let retryAfter = throttle.retryAfter, call.at - throttle.at < retryAfter * 1000 { early += 1 }
            }
            open = call.isThrottle ? call : nil
            if call.isThrottle { throttles += 1 }
        }
    }

    var median: Int64? {
        waits.isEmpty ? nil : waits.sorted()[(waits.count - 1) / 2]
    }
}
