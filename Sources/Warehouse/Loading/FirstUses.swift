/// Keeps `first_use`: when each agent, and anyone, first called a tool.
final class FirstUses {
    private struct Pair: Hashable {
        var agent: Int64
        var tool: Int64
    }

    /// The earliest use that this process knows to be written, or is about to write.
    private var known: [Pair: (timestamp: Int64, call: Int64)] = [:]
    private var changed: Set<Pair> = []
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
    func note(_ call: DecidedRequest) {
        note(Pair(agent: call.agent, tool: call.toolBase), call)
        note(Pair(agent: 0, tool: call.toolBase), call)
    }

    private func note(_ pair: Pair, _ call: DecidedRequest) {
        if let first = known[pair], first <= (call.timestamp, call.id) { return }
        known[pair] = (call.timestamp, call.id)
        changed.insert(pair)
    }

    /// Writes what is new.
    func flush() throws(WarehouseError) {
        for pair in changed {
            guard let first = known[pair] else { continue }
            write.bind(1, pair.agent)
            write.bind(2, pair.tool)
            write.bind(3, first.timestamp)
            write.bind(4, first.call)
            try write.run()
        }
        changed.removeAll(keepingCapacity: true)
    }

    /// Forgets everything: after a rollback.
    func forget() {
        known = [:]
        changed = []
    }
}

/// Keeps `hour`: where in each log an hour's rows stand.
final class HourRanges {
    private var ranges: [Int64: ClosedRange<Int64>] = [:]
    private let write: SQLiteStatement

    init(_ connection: SQLiteConnection) throws(WarehouseError) {
        write = try connection.prepare(
            """
            INSERT INTO hour (hour, log, first_seq, last_seq) VALUES (?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET
                first_seq = min(first_seq, excluded.first_seq), last_seq = max(last_seq, excluded.last_seq)
            """)
    }

    /// Takes note of one row.
    func note(_ row: DecidedRequest) {
        let hour = Clock.start(of: Clock.hour, holding: row.timestamp)
        let seq = row.id & RecordID.seqMask
        if let range = ranges[hour] {
            guard !range.contains(seq) else { return }
            ranges[hour] = min(range.lowerBound, seq)...max(range.upperBound, seq)
        } else {
            ranges[hour] = seq...seq
        }
    }

    /// Writes the ranges of one log's rows.
    func flush(log: Int64) throws(WarehouseError) {
        for (hour, range) in ranges {
            write.bind(1, hour)
            write.bind(2, log)
            write.bind(3, range.lowerBound)
            write.bind(4, range.upperBound)
            try write.run()
        }
        ranges.removeAll(keepingCapacity: true)
    }

    /// Forgets what was not written.
    func forget() {
        ranges = [:]
    }
}
