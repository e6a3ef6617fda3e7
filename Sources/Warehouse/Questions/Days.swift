public import Events
import GRDB

/// A local day's calls.
public struct DayCount: Sendable, Hashable {
    /// The day.
    public var day: CivilDate
    /// Its calls.
    public var counts: CallCounts
}

/// A local day's calls of an agent and a tool.
public struct DayCell: Sendable, Hashable {
    /// The day.
    public var day: CivilDate
    /// The agent, nil for callers that were not resolved.
    public var agent: String?
    /// The tool, with its class at the time.
    public var name: ToolName
    /// Its calls.
    public var counts: CallCounts
}

/// A local day's calls of an agent.
public struct AgentDay: Sendable, Hashable {
    /// The day.
    public var day: CivilDate
    /// The agent, nil for callers that were not resolved.
    public var agent: String?
    /// Its calls.
    public var calls: Int
}

extension WarehouseStore {
    /// Calls by day and agent, in no order.
    ///
    /// - Parameter offsetSeconds: local time minus UTC at a moment, in seconds; a multiple of 900 that changes at whole
    ///   UTC hours, as every zone's does.
    /// - Throws: `WarehouseError`.
    public func agentDays(
        in period: Period, where filter: CallFilter = .all, offsetSeconds: (Timestamp) -> Int = { _ in 0 }
    ) throws(WarehouseError) -> [AgentDay] {
        try ask { db in
            let names = try self.names.read(db)
            let source = LocalTime(period, offsetSeconds).source(period, Selection(filter, names))
            return try source.sums(db, by: [.start, .actor]).map { cell in
                AgentDay(
                    day: CivilDate(daysSinceEpoch: LocalTime.day(cell.start, offsetSeconds)),
                    agent: names.agent(names.agentID(of: cell.actor)), calls: cell.n)
            }
        }
    }

    /// The days that have calls, in order.
    ///
    /// - Parameter offsetSeconds: local time minus UTC at a moment, in seconds; a multiple of 900 that changes at whole
    ///   UTC hours, as every zone's does.
    /// - Throws: `WarehouseError`.
    public func days(
        in period: Period, where filter: CallFilter = .all, offsetSeconds: (Timestamp) -> Int = { _ in 0 }
    ) throws(WarehouseError) -> [DayCount] {
        try ask { db in
            let names = try self.names.read(db)
            let source = LocalTime(period, offsetSeconds).source(period, Selection(filter, names))
            var days: [Int: CallCounts] = [:]
            for cell in try source.sums(db, by: [.start, .verdict, .outcome]) {
                days[LocalTime.day(cell.start, offsetSeconds), default: CallCounts()].add(cell, names)
            }
            return days.sorted { $0.key < $1.key }.map {
                DayCount(day: CivilDate(daysSinceEpoch: $0.key), counts: $0.value)
            }
        }
    }

    /// Calls by day, agent and tool, in this order.
    ///
    /// - Parameter offsetSeconds: local time minus UTC at a moment, in seconds; a multiple of 900 that changes at whole
    ///   UTC hours, as every zone's does.
    /// - Throws: `WarehouseError`.
    public func dayCells(
        in period: Period, where filter: CallFilter = .all, offsetSeconds: (Timestamp) -> Int = { _ in 0 }
    ) throws(WarehouseError) -> [DayCell] {
        struct Key: Hashable {
            var day: Int
            var agent: Int64
            var tool: Int64
        }
        return try ask { db in
            let names = try self.names.read(db)
            let source = LocalTime(period, offsetSeconds).source(period, Selection(filter, names))
            var counts: [Key: CallCounts] = [:]
            for cell in try source.sums(db, by: [.start, .actor, .tool, .verdict, .outcome]) {
                let key = Key(
                    day: LocalTime.day(cell.start, offsetSeconds), agent: names.agentID(of: cell.actor),
                    tool: cell.tool)
                counts[key, default: CallCounts()].add(cell, names)
            }
            let cells = counts.map { key, counts in
                (
                    key.day,
                    DayCell(
                        day: CivilDate(daysSinceEpoch: key.day), agent: names.agent(key.agent),
                        name: names.tool(key.tool),
                        counts: counts)
                )
            }
            return cells.sorted { ($0.0, $0.1.agent ?? "", $0.1.name) < ($1.0, $1.1.agent ?? "", $1.1.name) }.map(\.1)
        }
    }

    /// Calls by hour of the week, 168 of them, Monday 00:00–00:59 first.
    ///
    /// - Parameter offsetSeconds: local time minus UTC at a moment, in seconds; a multiple of 900 that changes at whole
    ///   UTC hours, as every zone's does.
    /// - Throws: `WarehouseError`.
    public func hourOfWeek(
        in period: Period, where filter: CallFilter = .all, offsetSeconds: (Timestamp) -> Int = { _ in 0 }
    ) throws(WarehouseError) -> [CallCounts] {
        try ask { db in
            let names = try self.names.read(db)
            let source = LocalTime(period, offsetSeconds).source(period, Selection(filter, names), keepsHours: true)
            var hours = [CallCounts](repeating: CallCounts(), count: 168)
            for cell in try source.sums(db, by: [.start, .verdict, .outcome]) {
                let local = cell.start + Int64(offsetSeconds(Timestamp(seconds: cell.start)))
                // 1970-01-01 was a Thursday, the fourth day.
                let hour = (local / Clock.hour + 72) % 168
                hours[Int(hour < 0 ? hour + 168 : hour)].add(cell, names)
            }
            return hours
        }
    }
}
