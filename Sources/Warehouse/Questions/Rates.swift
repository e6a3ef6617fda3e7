public import Events
import GRDB

/// How much an agent called.
public struct AgentRate: Sendable, Hashable {
    /// The agent, nil for callers that were not resolved.
    public var agent: String?
    /// The grants it used, by name.
    public var grants: [String]
    /// Its calls.
    public var counts: CallCounts
    /// The tools it called, most called first.
    public var tools: [ToolName]
    /// Minutes with a call of it.
    public var activeMinutes: Int
    /// UTC hours with a call of it.
    public var activeHours: Int
    /// UTC days with a call of it.
    public var activeDays: Int
    /// Its busiest minute.
    public var peak: PeakMinute?
    /// Its busiest hour.
    public var busiestHour: PeakHour?
    /// Upstream durations of its calls.
    public var latency: Latency?
    /// Start of the first hour with a call.
    public var firstHour: Timestamp
    /// Start of the last hour with a call.
    public var lastHour: Timestamp

    /// Calls per minute, over the minutes with a call.
    public var perActiveMinute: Double { Double(counts.calls) / Double(max(1, activeMinutes)) }
    /// Calls per hour, over the hours with a call.
    public var perActiveHour: Double { Double(counts.calls) / Double(max(1, activeHours)) }
}

extension WarehouseStore {
    /// How much each agent called; most calls first.
    ///
    /// - Throws: `WarehouseError`.
    public func rates(in period: Period, where filter: CallFilter = .all) throws(WarehouseError) -> [AgentRate] {
        struct Sums {
            var counts = CallCounts()
            var grants: Set<String> = []
            var tools: [Int64: Int] = [:]
        }
        return try ask { db in
            let names = try self.names.read(db)
            let selection = Selection(filter, names)
            var agents: [Int64: Sums] = [:]
            let source = CellSource(period: period, selection: selection)
            for cell in try source.sums(db, by: [.actor, .tool, .verdict, .outcome]) {
                let actor = names.actors[cell.actor]
                var sums = agents.removeValue(forKey: actor?.agentID ?? 0) ?? Sums()
                sums.counts.add(cell, names)
                if let grant = actor?.grant { sums.grants.insert(grant) }
                sums.tools[names.toolID(of: cell.tool), default: 0] += cell.n
                agents[actor?.agentID ?? 0] = sums
            }
            let hours = try HourFacts.read(db, period, selection, by: .agent)
            let days = try DayFacts.read(db, period, selection, by: .agent)
            let rates = agents.map { id, sums in
                let hours = hours[AgentTool(agent: id)] ?? HourFacts()
                let days = days[AgentTool(agent: id)] ?? DayFacts()
                let tools = sums.tools.map { (names.tool($0.key), $0.value) }.sorted { ($1.1, $0.0) < ($0.1, $1.0) }
                return AgentRate(
                    agent: names.agent(id), grants: sums.grants.sorted(), counts: sums.counts, tools: tools.map(\.0),
                    activeMinutes: days.activeMinutes, activeHours: hours.active, activeDays: days.activeDays,
                    peak: days.peak, busiestHour: hours.busiest, latency: days.latency,
                    firstHour: Timestamp(seconds: hours.first), lastHour: Timestamp(seconds: hours.last))
            }
            return rates.sorted { ($1.counts.calls, $0.agent ?? "") < ($0.counts.calls, $1.agent ?? "") }
        }
    }
}
