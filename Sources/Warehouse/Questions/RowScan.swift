import Events
import GRDB

/// Works minutes and durations out of rows.
struct RowScan {
    private struct Minute: Hashable {
        var key: AgentTool
        var minute: Int64
    }

    let selection: Selection
    let grouping: Grouping

    func read(
        _ db: Database, _ from: Int64, _ to: Int64, minutes: Bool, durations: Bool,
        into facts: inout [AgentTool: DayFacts]
    ) throws {
        guard from < to else { return }
        var counts: [Minute: Int] = [:]
        var cell = Cell(start: 0, actor: 0, tool: 0, verdict: 0, outcome: 0, n: 1, near: 0, timed: 0, upstream: 0)
        let sql = """
            SELECT call.ts_us, call.actor, call.tool, call.upstream_us
            \(CallRows.source(from, to, selection: selection))
            """
        try db.forEachRow(sql) { row in
            cell.actor = row.integer(1)
            cell.tool = row.integer(2)
            let key = grouping.key(cell, selection.names)
            if minutes {
                let minute = Clock.start(of: Clock.minute, holding: row.integer(0))
                counts[Minute(key: key, minute: minute), default: 0] += 1
            }
            if durations, let upstream = row.optionalInteger(3) {
                facts[key, default: DayFacts()].durations[LatencyBucket.of(upstream), default: 0] += 1
            }
        }
        var days: Set<Minute> = []
        for (minute, calls) in counts {
            facts[minute.key, default: DayFacts()].activeMinutes += 1
            facts[minute.key, default: DayFacts()].add(minute: minute.minute, calls: calls)
            let day = Clock.start(of: Clock.day, holding: minute.minute * Clock.second)
            days.insert(Minute(key: minute.key, minute: day))
        }
        for day in days { facts[day.key, default: DayFacts()].activeDays += 1 }
    }
}
