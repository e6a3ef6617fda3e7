public import Events
import GRDB

/// A UTC hour's calls.
public struct HourCount: Sendable, Hashable {
    /// The hour's start.
    public var hour: Timestamp
    /// Its calls.
    public var counts: CallCounts
}

extension WarehouseStore {
    /// The UTC hours that have calls, in order.
    ///
    /// - Throws: `WarehouseError`.
    public func hours(in period: Period, where filter: CallFilter = .all) throws(WarehouseError) -> [HourCount] {
        try ask { db in
            let names = try self.names.read(db)
            var hours: [HourCount] = []
            let source = CellSource(period: period, selection: Selection(filter, names), grain: .hour)
            for cell in try source.read(db, by: [.start, .verdict, .outcome]) {
                let hour = Timestamp(seconds: cell.start)
                if hours.last?.hour != hour { hours.append(HourCount(hour: hour, counts: CallCounts())) }
                hours[hours.count - 1].counts.add(cell, names)
            }
            return hours
        }
    }

    /// The most buckets that `series` gives.
    public static let longestSeries = 100_000

    /// The period in steps of `stepSeconds`, from its first microsecond on, empty steps too.
    ///
    /// A step that would give more than `longestSeries` of them is made longer.
    ///
    /// - Throws: `WarehouseError`.
    public func series(
        in period: Period, stepSeconds: Int, where filter: CallFilter = .all
    ) throws(WarehouseError) -> [CallCounts] {
        let from = period.from.microseconds
        let coarsest = period.microseconds / (Int64(WarehouseStore.longestSeries) * Clock.second)
        let step = max(1, Int64(stepSeconds), coarsest) * Clock.second
        var series = [CallCounts](
            repeating: CallCounts(), count: Int((period.microseconds + step - 1) / step))
        guard !series.isEmpty else { return [] }
        return try ask { db in
            let names = try self.names.read(db)
            let selection = Selection(filter, names)
            func add(_ cell: Cell, at microseconds: Int64) {
                let bucket = Int((microseconds - from) / step)
                if series.indices.contains(bucket) { series[bucket].add(cell, names) }
            }
            if step % (Clock.hour * Clock.second) == 0, from % (Clock.hour * Clock.second) == 0 {
                let source = CellSource(period: period, selection: selection, grain: .hour)
                for cell in try source.read(db, by: [.start, .verdict, .outcome]) {
                    add(cell, at: cell.start * Clock.second)
                }
                return series
            }
            let sql = """
                SELECT (call.ts_us - \(from)) / \(step), call.verdict, call.outcome, count(*), sum(call.mark = 2),
                    count(call.upstream_us), coalesce(sum(call.upstream_us), 0)
                \(CallRows.source(from, period.to.microseconds, selection: selection))
                GROUP BY 1, 2, 3
                """
            try db.forEachRow(sql) { row in
                let cell = Cell(
                    start: 0, actor: 0, tool: 0, verdict: row.integer(1), outcome: row.integer(2), n: row.count(3),
                    near: row.count(4), timed: row.count(5), upstream: row.integer(6))
                add(cell, at: from + row.integer(0) * step)
            }
            return series
        }
    }
}
