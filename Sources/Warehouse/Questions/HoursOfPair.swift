import Events
import GRDB

extension WarehouseStore {
    /// The UTC hours of a period in which an agent called a tool, in order; reads the hours' sums one by one, so that
    /// four weeks of one pair cost no scan of everybody's.
    ///
    /// Only whole hours: one that the period cuts is left out.
    ///
    /// - Throws: `WarehouseError`.
    public func hours(
        in period: Period, agent: String?, server: String, tool: String
    ) throws(WarehouseError) -> [HourCount] {
        try ask { db in
            let names = try self.names.read(db)
            let selection = Selection(CallFilter(agent: agent ?? "", server: server, tool: tool), names)
            let from = Clock.firstStart(of: Clock.hour, from: period.from.microseconds)
            let to = Clock.start(of: Clock.hour, holding: period.to.microseconds)
            let ids = { (rows: [Int64]?) in (rows ?? []).map(String.init).joined(separator: ", ") }
            let sql = """
                WITH RECURSIVE clock(hour) AS (
                    SELECT \(from) WHERE \(from) < \(to) UNION ALL SELECT hour + 3600 FROM clock WHERE hour + 3600 < \(to))
                SELECT r.hour, r.verdict, r.outcome, r.n, r.near, r.timed, r.upstream_us
                FROM clock CROSS JOIN rollup_hour AS r ON r.hour = clock.hour
                    AND r.actor IN (\(ids(selection.actors))) AND r.tool IN (\(ids(selection.tools)))
                ORDER BY r.hour
                """
            var hours: [HourCount] = []
            try db.forEachRow(sql) { row in
                let hour = Timestamp(seconds: row.integer(0))
                if hours.last?.hour != hour { hours.append(HourCount(hour: hour, counts: CallCounts())) }
                let cell = Cell(
                    start: row.integer(0), actor: 0, tool: 0, verdict: row.integer(1), outcome: row.integer(2),
                    n: row.count(3), near: row.count(4), timed: row.count(5), upstream: row.integer(6))
                hours[hours.count - 1].counts.add(cell, names)
            }
            return hours
        }
    }
}
