/// Keeps `first_use`: when each agent, and anyone, first called a tool.
struct FirstUses {
    private struct Use {
        var timestamp: Int64
        var call: Int64
        var isChanged: Bool
    }

    /// The earliest use that this process knows to be written, or is about to write.
    private var known = PackedTable<Use>()
    private var changed: [Int] = []
    private let write: SQLiteStatement

    init(_ connection: SQLiteConnection) throws(WarehouseError) {
        write = try connection.prepare(
            """
            INSERT INTO first_use (agent, tool, ts_us, call) VALUES (?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET ts_us = excluded.ts_us, call = excluded.call
            WHERE (excluded.ts_us, excluded.call) < (ts_us, call)
            """)
    }

    /// Takes note of one call.
    mutating func note(_ call: DecidedRequest) {
        note(call.agent, call)
        note(0, call)
    }

    @inline(__always)
    private mutating func note(_ agent: Int64, _ call: DecidedRequest) {
        let key = PackedKey(high: UInt64(agent), low: UInt64(call.toolBase))
        let index = known.index(of: key, initial: Use(timestamp: .max, call: .max, isChanged: false))
        let first = known.values[index]
        guard (call.timestamp, call.id) < (first.timestamp, first.call) else { return }
        if !first.isChanged { changed.append(index) }
        known.values[index] = Use(timestamp: call.timestamp, call: call.id, isChanged: true)
    }

    /// Writes what is new.
    mutating func flush() throws(WarehouseError) {
        for index in changed {
            let use = known.values[index]
            write.bind(1, Int64(known.keys[index].high))
            write.bind(2, Int64(known.keys[index].low))
            write.bind(3, use.timestamp)
            write.bind(4, use.call)
            try write.run()
            known.values[index].isChanged = false
        }
        changed.removeAll(keepingCapacity: true)
    }

    /// Forgets everything: after a rollback.
    mutating func forget() {
        known.removeAll()
        changed = []
    }
}
