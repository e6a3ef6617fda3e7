import Events
import GRDB

/// What the hours of a period say about an agent, a tool or the whole fleet.
struct HourFacts {
    var active = 0
    var busiest: PeakHour?
    var first: Int64 = 0
    var last: Int64 = 0

    /// Adds an hour; hours come in order, and each once.
    fileprivate mutating func add(hour: Int64, calls: Int) {
        if active == 0 { first = hour }
        active += 1
        last = hour
        if calls > busiest?.calls ?? 0 { busiest = PeakHour(calls: calls, hour: Timestamp(seconds: hour)) }
    }

    /// Reads the hours by agent (`agent_id`), by tool (`tool_id`), or all together under 0.
    static func read(
        _ db: Database, _ period: Period, _ selection: Selection, by grouping: Grouping
    ) throws -> [AgentTool: HourFacts] {
        var facts: [AgentTool: HourFacts] = [:]
        var hour: Int64 = .min
        var open: [AgentTool: Int] = [:]
        func close() {
            for (key, calls) in open { facts[key, default: HourFacts()].add(hour: hour, calls: calls) }
            open.removeAll(keepingCapacity: true)
        }
        let source = CellSource(period: period, selection: selection, grain: .hour)
        for cell in try source.read(db, by: grouping.keys(with: .start)) {
            if cell.start != hour {
                close()
                hour = cell.start
            }
            open[grouping.key(cell, selection.names), default: 0] += cell.n
        }
        close()
        return facts
    }
}
