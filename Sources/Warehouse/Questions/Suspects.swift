import Events
import GRDB

/// Pairs of agent and tool that can have run away: all that do, and some that do not.
///
/// Detectors look at a call in a microsecond, which is seconds for ten million calls. Of the same arguments a few times
/// within half an hour, or a dozen calls within a minute, most pairs have neither, so that no rule that wants more can
/// fire for them.
public struct Suspects: Sendable {
    /// Pairs whose calls repeat their arguments.
    var repeating: Set<AgentTool> = []
    /// Pairs with a busy minute.
    var bursting: Set<AgentTool> = []

    /// Whether there is none.
    public var isEmpty: Bool { repeating.isEmpty && bursting.isEmpty }
}

extension WarehouseStore {
    /// About how many calls a period has: from its hours' first and last records, so that nothing is counted.
    ///
    /// - Throws: `WarehouseError`.
    public func size(of period: Period) throws(WarehouseError) -> Int {
        try ask { db in
            let sql =
                "SELECT coalesce(sum(last_seq - first_seq + 1), 0) FROM hour WHERE hour >= ? AND hour * 1000000 < ?"
            let hour = Clock.start(of: Clock.hour, holding: period.from.microseconds)
            return try Int.fetchOne(db, sql: sql, arguments: [hour, period.to.microseconds]) ?? 0
        }
    }

    /// Looks for pairs with at least `identical` calls of the same arguments within 30 minutes, or `burst` calls within
    /// a clock minute.
    ///
    /// - Throws: `WarehouseError`.
    public func suspects(in period: Period, identical: Int, burst: Int) throws(WarehouseError) -> Suspects {
        try ask { db in
            let names = try self.names.read(db)
            var suspects = Suspects()
            let peaks = """
                SELECT agent, tool FROM peak_minute WHERE agent <> 0 AND tool <> 0 AND calls >= \(burst)
                    AND day >= \(Clock.start(of: Clock.day, holding: period.from.microseconds))
                    AND day * 1000000 < \(period.to.microseconds) GROUP BY 1, 2
                """
            try db.forEachNumbers(peaks) { row in
                suspects.bursting.insert(AgentTool(agent: row[0], tool: row[1]))
            }
            let busiest = """
                SELECT coalesce(max(n), 0) FROM (SELECT sum(last_seq - first_seq + 1) AS n FROM hour
                    WHERE hour * 1000000 < \(period.to.microseconds) GROUP BY hour)
                """
            var repeats = RepeatTable(calls: try Int.fetchOne(db, sql: busiest) ?? 0, threshold: identical)
            let sql = """
                SELECT call.ts_us, call.actor, call.tool, call.arg_digest
                \(CallRows.source(period.from.microseconds, period.to.microseconds))
                """
            try db.forEachNumbers(sql) { row in
                guard row[3] != 0 else { return }
                let pair = AgentTool(agent: names.agentID(of: row[1]), tool: names.toolID(of: row[2]))
                if repeats.note(pair, row[3], at: row[0]) { suspects.repeating.insert(pair) }
            }
            return suspects
        }
    }
}

/// Counts identical calls by half hours, of the last hour alone: what is older makes room.
private struct RepeatTable {
    private struct Entry {
        var key: UInt64 = 0
        var half: Int32 = .min
        var count: UInt16 = 0
        var before: UInt16 = 0
    }

    private static let half: Int64 = 1_800_000_000
    private static let probes = 8
    private let threshold: Int
    private let mask: UInt64
    private var entries: [Entry]

    /// - Parameter calls: the most that an hour has.
    init(calls: Int, threshold: Int) {
        var size = 1 << 16
        while size < 4 * calls, size < 1 << 24 { size *= 2 }
        self.threshold = threshold
        mask = UInt64(size - 1)
        entries = [Entry](repeating: Entry(), count: size + RepeatTable.probes)
    }

    /// Counts a call; whether its half hour and the one before have as many as the threshold.
    mutating func note(_ pair: AgentTool, _ digest: Int64, at moment: Int64) -> Bool {
        let ids = UInt64(bitPattern: pair.agent &* 1_000_003 &+ pair.tool)
        var key = (UInt64(bitPattern: digest) ^ ids &* 0x9E37_79B9_7F4A_7C15) &* 0xBF58_476D_1CE4_E5B9
        key ^= key >> 29
        let half = Int32(truncatingIfNeeded: moment / RepeatTable.half)
        let first = Int(key & mask)
        var place = first
        var found = false
        for index in first..<first + RepeatTable.probes {
            if entries[index].key == key {
                place = index
                found = true
                break
            }
            if entries[index].half < entries[place].half { place = index }
        }
        guard found, half - entries[place].half <= 1 else {
            entries[place] = Entry(key: key, half: half, count: 1)
            return threshold <= 1
        }
        // A log that is read after another may be half an hour behind it.
        if half <= entries[place].half {
            entries[place].count &+= 1
        } else {
            entries[place] = Entry(key: key, half: half, count: 1, before: entries[place].count)
        }
        return Int(entries[place].count) + Int(entries[place].before) >= threshold
    }
}
