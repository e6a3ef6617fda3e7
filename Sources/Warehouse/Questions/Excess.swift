import Events
import GRDB

/// Calls beyond so many a clock minute, of a grant and a tool.
public struct Excess: Sendable, Hashable {
    /// The agent, nil for callers that were not resolved.
    public var agent: String?
    /// The tool.
    public var name: ToolName
    /// Calls beyond the maximum.
    public var calls: Int
    /// Those of them that were stopped as it was.
    public var stopped: Int
    /// Minutes with such calls.
    public var minutes: Int
}

extension WarehouseStore {
    /// What a limit of `maximum` calls a clock minute and grant would have met on the whole UTC days of a period.
    ///
    /// Reads the rows only of hours that can have such a minute: the days' busiest minutes and the hours' sums say which.
    /// Nil where these are more than `mostHours`: a limit that ordinary work meets all day is not tried on four weeks of
    /// rows while somebody waits.
    ///
    /// - Parameter peaks: the period's busiest minutes.
    /// - Throws: `WarehouseError`.
    public func excess(
        over maximum: Int, in peaks: DayPeaks, server: String, tool: String, mostHours: Int = 200
    ) throws(WarehouseError) -> [Excess]? {
        struct Minute: Hashable {
            var actor: Int64
            var minute: Int64
        }
        return try ask { db in
            let names = try self.names.read(db)
            let selection = Selection(CallFilter(server: server, tool: tool), names)
            var minutes: [Minute: (calls: Int, stopped: Int)] = [:]
            let hours = try ExcessHours(maximum: maximum, peaks: peaks, selection: selection).read(db)
            guard hours.count <= mostHours else { return nil }
            for hour in hours {
                let from = hour.hour * Clock.second
                let sql = """
                    SELECT call.actor, call.ts_us / 60000000, count(*), sum(call.mark = 1)
                    \(CallRows.source(from, from + Clock.hour * Clock.second))\(selection.condition(table: "call"))
                        AND +call.actor IN (\(hour.actors)) GROUP BY 1, 2 HAVING count(*) > \(maximum)
                    """
                try db.forEachRow(sql) { row in
                    minutes[Minute(actor: row.integer(0), minute: row.integer(1))] = (row.count(2), row.count(3))
                }
            }
            var sums: [Int64: Excess] = [:]
            for (minute, counts) in minutes {
                let agent = names.agentID(of: minute.actor)
                var sum =
                    sums[agent]
                    ?? Excess(
                        agent: names.agent(agent), name: ToolName(server: server, tool: tool, risk: nil), calls: 0,
                        stopped: 0, minutes: 0)
                let beyond = counts.calls - maximum
                sum.calls += beyond
                sum.stopped += min(beyond, counts.stopped)
                sum.minutes += 1
                sums[agent] = sum
            }
            return sums.values.sorted { ($1.calls, $0.agent ?? "") < ($0.calls, $1.agent ?? "") }
        }
    }
}

/// The hours in which an actor called a tool more often than so many times, on days that have such a minute.
private struct ExcessHours {
    let maximum: Int
    let peaks: DayPeaks
    let selection: Selection

    /// Each hour with the actors that can have exceeded the maximum in it.
    func read(_ db: Database) throws -> [(hour: Int64, actors: String)] {
        let actors = Dictionary(grouping: selection.names.actors.values, by: \.agentID)
        var days: [String] = []
        let tools = selection.toolIDs ?? []
        for row in peaks.rows where row.calls > maximum && tools.contains(row.tool) {
            for actor in actors[row.agent] ?? [] { days.append("(\(row.day), \(actor.id))") }
        }
        var hours: [Int64: [Int64]] = [:]
        for start in stride(from: 0, to: days.count, by: 400) {
            let some = days[start..<min(start + 400, days.count)].joined(separator: ", ")
            for hour in try busy(db, some) { hours[hour.hour, default: []].append(hour.actor) }
        }
        return hours.sorted { $0.key < $1.key }.map { hour, actors in
            (hour, actors.sorted().map(String.init).joined(separator: ", "))
        }
    }

    /// Of some days' hours, those with more calls than the maximum; the joins are in the order in which they are cheap.
    private func busy(_ db: Database, _ days: String) throws -> [(hour: Int64, actor: Int64)] {
        let rows = (selection.tools ?? []).map(String.init).joined(separator: ", ")
        let sql = """
            WITH RECURSIVE clock(hour) AS (SELECT 0 UNION ALL SELECT hour + 3600 FROM clock WHERE hour < 82800),
                busy(day, actor) AS (VALUES \(days))
            SELECT r.hour, r.actor, sum(r.n) FROM busy CROSS JOIN clock
            CROSS JOIN rollup_hour AS r
                ON r.hour = busy.day + clock.hour AND r.actor = busy.actor AND r.tool IN (\(rows))
            GROUP BY 1, 2
            """
        var hours: [(hour: Int64, actor: Int64)] = []
        try db.forEachNumbers(sql) { row in
            if row[2] > maximum { hours.append((row[0], row[1])) }
        }
        return hours
    }
}
