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
    ) throws -> HourFactTable {
        var table = HourFactTable()
        let source = CellSource(period: period, selection: selection, grain: .hour)
        try source.scan(db) { cell in
            table.add(cell, of: grouping.key(cell, selection.names))
        }
        table.close()
        return table
    }
}

/// Hours' facts by whatever they are read by; cells come hour by hour, as they are stored.
struct HourFactTable {
    private var facts = PackedTable<HourFacts>()
    private var hour: Int64 = .min
    /// Of the hour that is being read: calls by the index of their facts, and which indices those are.
    private var calls: [Int] = []
    private var called: [Int] = []

    subscript(key: AgentTool) -> HourFacts? { facts.value(of: HourFactTable.key(key)) }

    fileprivate mutating func add(_ cell: Cell, of key: AgentTool) {
        assert(cell.start >= hour, "hours are stored in order")
        if cell.start != hour {
            close()
            hour = cell.start
        }
        let index = facts.index(of: HourFactTable.key(key), initial: HourFacts())
        if index == calls.count { calls.append(0) }
        if calls[index] == 0 { called.append(index) }
        calls[index] += cell.n
    }

    /// Takes over the hour that was read last.
    fileprivate mutating func close() {
        for index in called where calls[index] > 0 {
            facts.values[index].add(hour: hour, calls: calls[index])
            calls[index] = 0
        }
        called.removeAll(keepingCapacity: true)
    }

    private static func key(_ key: AgentTool) -> PackedKey {
        PackedKey(high: UInt64(bitPattern: key.agent), low: UInt64(bitPattern: key.tool))
    }
}
