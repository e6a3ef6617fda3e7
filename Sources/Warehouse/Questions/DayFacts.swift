import Events
import GRDB

/// What the days of a period say about an agent, a tool, both or the whole fleet: active minutes, the peak, durations.
struct DayFacts {
    var activeDays = 0
    var activeMinutes = 0
    var peak: PeakMinute?
    /// Calls by `LatencyBucket`, as far as there are any.
    private var durations: [Int] = []

    /// Percentiles of the durations, nil where none is known.
    var latency: Latency? {
        let n = durations.reduce(0, +)
        guard n > 0 else { return nil }
        func percentile(_ share: Double) -> Int64 {
            // Nearest rank, then linear within the bucket.
            let rank = max(1, Int((share * Double(n)).rounded(.up)))
            var before = 0
            for (bucket, count) in durations.enumerated() where count > 0 {
                if before + count >= rank {
                    let start = LatencyBucket.start(Int64(bucket))
                    let width = LatencyBucket.start(Int64(bucket) + 1) - start
                    return start + Int64(Double(width) * (Double(rank - before) - 0.5) / Double(count))
                }
                before += count
            }
            return 0
        }
        return Latency(n: n, p50: percentile(0.5), p95: percentile(0.95), p99: percentile(0.99))
    }

    mutating func add(minute: Int64, calls: Int) {
        guard calls >= peak?.calls ?? 1 else { return }
        let candidate = PeakMinute(calls: calls, minute: Timestamp(seconds: minute))
        if let peak, peak.calls == calls, peak.minute <= candidate.minute { return }
        peak = candidate
    }

    mutating func add(bucket: Int64, calls: Int) {
        // What is longer than any duration that is kept has no bucket.
        let index = Int(min(max(bucket, 0), 4 * 63))
        while durations.count <= index { durations.append(0) }
        durations[index] += calls
    }
}

/// The facts of some agents and tools.
struct DayFactTable {
    private var table = PackedTable<DayFacts>()

    /// The facts of a key; nil where it has none.
    subscript(key: AgentTool) -> DayFacts? { table.value(of: PackedKey(key)) }

    /// Changes the facts of a key, those of a new one first being empty.
    @inline(__always)
    mutating func change(_ key: AgentTool, _ body: (inout DayFacts) -> Void) {
        body(&table.values[table.index(of: PackedKey(key), initial: DayFacts())])
    }
}

extension PackedKey {
    fileprivate init(_ key: AgentTool) {
        self.init(high: UInt64(bitPattern: key.agent), low: UInt64(bitPattern: key.tool))
    }
}

extension DayFacts {
    /// Reads whole UTC days from `peak_minute` and `latency`, the period's edges (or all of it, where the filter takes
    /// a part that a table does not keep apart) from rows.
    static func read(
        _ db: Database, _ period: Period, _ selection: Selection, by grouping: Grouping, durations: Bool = true
    ) throws -> DayFactTable {
        var facts = DayFactTable()
        let from = period.from.microseconds
        let to = period.to.microseconds
        let firstDay = Clock.firstStart(of: Clock.day, from: from)
        let lastDay = Clock.start(of: Clock.day, holding: to)
        let rows = RowScan(selection: selection, grouping: grouping)
        func read(
            _ source: String?, minutes: Bool, durations: Bool, _ table: (String) throws -> Void
        ) throws {
            guard minutes || durations else { return }
            guard let source, firstDay < lastDay else {
                return try rows.read(db, from, to, minutes: minutes, durations: durations, into: &facts)
            }
            try table(source)
            let whole = (firstDay * Clock.second, lastDay * Clock.second)
            try rows.read(db, from, whole.0, minutes: minutes, durations: durations, into: &facts)
            try rows.read(db, whole.1, to, minutes: minutes, durations: durations, into: &facts)
        }
        try read(peakCondition(selection, grouping), minutes: true, durations: false) { condition in
            try readPeaks(db, firstDay, lastDay, condition, grouping, into: &facts)
        }
        try read(durationCondition(selection, grouping), minutes: false, durations: durations) { condition in
            try readDurations(db, firstDay, lastDay, condition, grouping, into: &facts)
        }
        return facts
    }

    /// The rows of `peak_minute` that answer; nil where it cannot: a union of tools, or some of a tool's classes.
    private static func peakCondition(_ selection: Selection, _ grouping: Grouping) -> String? {
        let agent =
            selection.agentID != 0
            ? " AND agent = \(selection.agentID)" : grouping.hasAgent ? " AND agent <> 0" : " AND agent = 0"
        guard let tools = selection.toolIDs else {
            return agent + (grouping.hasTool ? " AND tool <> 0" : " AND tool = 0")
        }
        guard selection.hasWholeTools, grouping.hasTool || tools.count == 1 else { return nil }
        return agent + " AND tool IN (\(tools.sorted().map(String.init).joined(separator: ", ")))"
    }

    /// The rows of `latency` that answer: it is by agent and by tool, so nil where both matter.
    private static func durationCondition(_ selection: Selection, _ grouping: Grouping) -> String? {
        let byAgent = grouping.hasAgent || selection.agentID != 0
        let byTool = grouping.hasTool || selection.toolIDs != nil
        guard !(byAgent && byTool), selection.hasWholeTools else { return nil }
        if selection.agentID != 0 { return " AND agent = \(selection.agentID)" }
        if byAgent { return " AND agent <> 0" }
        guard let tools = selection.toolIDs else { return " AND agent = 0" }
        return " AND agent = 0 AND tool IN (\(tools.sorted().map(String.init).joined(separator: ", ")))"
    }

    private static func readPeaks(
        _ db: Database, _ firstDay: Int64, _ lastDay: Int64, _ condition: String, _ grouping: Grouping,
        into facts: inout DayFactTable
    ) throws {
        let sql = """
            SELECT agent, tool, calls, minute, active FROM peak_minute
            WHERE \(days(firstDay, lastDay))\(condition)
            """
        try db.forEachNumbers(sql) { row in
            let key = AgentTool(agent: grouping.hasAgent ? row[0] : 0, tool: grouping.hasTool ? row[1] : 0)
            facts.change(key) { facts in
                facts.activeDays += 1
                facts.activeMinutes += Int(row[4])
                facts.add(minute: row[3], calls: Int(row[2]))
            }
        }
    }

    private static func readDurations(
        _ db: Database, _ firstDay: Int64, _ lastDay: Int64, _ condition: String, _ grouping: Grouping,
        into facts: inout DayFactTable
    ) throws {
        let sql = "SELECT agent, tool, bucket, n FROM latency WHERE \(days(firstDay, lastDay))\(condition)"
        try db.forEachNumbers(sql) { row in
            let key = AgentTool(agent: grouping.hasAgent ? row[0] : 0, tool: grouping.hasTool ? row[1] : 0)
            facts.change(key) { $0.add(bucket: row[2], calls: Int(row[3])) }
        }
    }

    /// Days one by one, so that of each only what the rest of the key asks for is read; of more than two years all of it.
    private static func days(_ first: Int64, _ last: Int64) -> String {
        let days = stride(from: first, to: last, by: Int64.Stride(Clock.day))
        guard last - first <= 731 * Clock.day else { return "day >= \(first) AND day < \(last)" }
        return "day IN (\(days.map(String.init).joined(separator: ", ")))"
    }
}
