import Events
import GRDB

/// Works minutes and durations out of rows.
struct RowScan {
    private struct Day: Hashable {
        var key: AgentTool
        var start: Int64
    }

    let selection: Selection
    let grouping: Grouping

    func read(
        _ db: Database, _ from: Int64, _ to: Int64, minutes: Bool, durations: Bool,
        into facts: inout DayFactTable
    ) throws {
        guard from < to else { return }
        var counts = PackedTable<Int>()
        var cell = Cell(start: 0, actor: 0, tool: 0, verdict: 0, outcome: 0, n: 1, near: 0, timed: 0, upstream: 0)
        let sql = """
            SELECT call.ts_us, call.actor, call.tool, coalesce(call.upstream_us, -1)
            \(CallRows.source(from, to, selection: selection))
            """
        try db.forEachNumbers(sql) { row in
            cell.actor = row[1]
            cell.tool = row[2]
            let key = grouping.key(cell, selection.names)
            if minutes {
                let minute = Clock.start(of: Clock.minute, holding: row[0])
                let pair = UInt64(key.agent) << 32 | UInt64(key.tool)
                counts.values[counts.index(of: PackedKey(high: UInt64(bitPattern: minute), low: pair), initial: 0)] += 1
            }
            if durations, row[3] >= 0 {
                facts.change(key) { $0.add(bucket: LatencyBucket.of(row[3]), calls: 1) }
            }
        }
        var days: Set<Day> = []
        for (packed, calls) in zip(counts.keys, counts.values) {
            let key = AgentTool(agent: Int64(packed.low >> 32), tool: Int64(packed.low & 0xFFFF_FFFF))
            let minute = Int64(bitPattern: packed.high)
            facts.change(key) { facts in
                facts.activeMinutes += 1
                facts.add(minute: minute, calls: calls)
            }
            days.insert(Day(key: key, start: Clock.start(of: Clock.day, holding: minute * Clock.second)))
        }
        for day in days { facts.change(day.key) { $0.activeDays += 1 } }
    }
}
