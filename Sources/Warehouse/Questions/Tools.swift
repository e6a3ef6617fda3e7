import Events
import GRDB

/// How much a tool was called.
public struct ToolRate: Sendable, Hashable {
    /// The tool, with the class it last came under.
    public var name: ToolName
    /// Its calls.
    public var counts: CallCounts
    /// The agents that called it, most calls first; nil stands for callers that were not resolved.
    public var agents: [String?]
    /// Minutes with a call of it.
    public var activeMinutes: Int
    /// UTC hours with a call of it.
    public var activeHours: Int
    /// Its busiest minute, all agents together.
    public var peak: PeakMinute?
    /// Upstream durations of its calls.
    public var latency: Latency?
}

/// How much an agent called a tool.
public struct AgentToolCount: Sendable, Hashable {
    /// The agent, nil for callers that were not resolved.
    public var agent: String?
    /// The tool, with the class it last came under.
    public var name: ToolName
    /// The agent's calls of it.
    public var counts: CallCounts
    /// Minutes with such a call.
    public var activeMinutes: Int
    /// The busiest minute.
    public var peak: PeakMinute?
}

/// How often an agent called a tool.
public struct PairCalls: Sendable, Hashable {
    /// The agent, nil for callers that were not resolved.
    public var agent: String?
    /// The tool, with the class it last came under.
    public var name: ToolName
    /// Its calls.
    public var calls: Int
}

extension WarehouseStore {
    /// How much each tool was called; most calls first.
    ///
    /// - Throws: `WarehouseError`.
    public func tools(in period: Period, where filter: CallFilter = .all) throws(WarehouseError) -> [ToolRate] {
        try ask { db in
            let names = try self.names.read(db)
            let selection = Selection(filter, names)
            let sums = try agentToolSums(db, period, selection)
            let hours = try HourFacts.read(db, period, selection, by: .tool)
            let days = try DayFacts.read(db, period, selection, by: .tool)
            let rates = Dictionary(grouping: sums, by: \.key.tool).map { id, sums in
                let hours = hours[AgentTool(tool: id)] ?? HourFacts()
                let days = days[AgentTool(tool: id)] ?? DayFacts()
                let agents = sums.map { (names.agent($0.key.agent), $0.value.counts.calls) }
                    .sorted { ($1.1, $0.0 ?? "") < ($0.1, $1.0 ?? "") }
                return ToolRate(
                    name: names.tool(sums.map(\.value.latestTool).max() ?? id),
                    counts: sums.reduce(into: CallCounts()) { $0 += $1.value.counts }, agents: agents.map(\.0),
                    activeMinutes: days.activeMinutes, activeHours: hours.active, peak: days.peak,
                    latency: days.latency)
            }
            return rates.sorted { ($1.counts.calls, $0.name) < ($0.counts.calls, $1.name) }
        }
    }

    /// How often each agent called each tool, and nothing else, from sums alone; in no order.
    ///
    /// - Throws: `WarehouseError`.
    public func pairCalls(in period: Period, where filter: CallFilter = .all) throws(WarehouseError) -> [PairCalls] {
        try ask { db in
            let names = try self.names.read(db)
            return try agentToolSums(db, period, Selection(filter, names)).map { key, sum in
                PairCalls(
                    agent: names.agent(key.agent), name: names.tool(sum.latestTool), calls: sum.counts.calls)
            }
        }
    }

    /// How much each agent called each tool; most calls first.
    ///
    /// - Throws: `WarehouseError`.
    public func agentTools(
        in period: Period, where filter: CallFilter = .all
    ) throws(WarehouseError) -> [AgentToolCount] {
        try ask { db in
            let names = try self.names.read(db)
            let selection = Selection(filter, names)
            let days = try DayFacts.read(db, period, selection, by: .agentTool, durations: false)
            let counts = try agentToolSums(db, period, selection).map { key, sum in
                let days = days[key] ?? DayFacts()
                return AgentToolCount(
                    agent: names.agent(key.agent), name: names.tool(sum.latestTool), counts: sum.counts,
                    activeMinutes: days.activeMinutes, peak: days.peak)
            }
            return counts.sorted {
                ($1.counts.calls, $0.agent ?? "", $0.name) < ($0.counts.calls, $1.agent ?? "", $1.name)
            }
        }
    }

    private struct AgentToolSum {
        var counts = CallCounts()
        /// The newest of the tool's rows: the class it last came under.
        var latestTool: Int64 = 0
    }

    private func agentToolSums(
        _ db: Database, _ period: Period, _ selection: Selection
    ) throws -> [AgentTool: AgentToolSum] {
        var sums: [AgentTool: AgentToolSum] = [:]
        let source = CellSource(period: period, selection: selection)
        for cell in try source.sums(db, by: [.actor, .tool, .verdict, .outcome]) {
            let key = Grouping.agentTool.key(cell, selection.names)
            var sum = sums.removeValue(forKey: key) ?? AgentToolSum()
            sum.counts.add(cell, selection.names)
            sum.latestTool = max(sum.latestTool, cell.tool)
            sums[key] = sum
        }
        return sums
    }
}
