import Events
import GRDB

/// What the days of a period say about an agent, a tool, both or the whole fleet: active minutes, the peak, durations.
struct DayFacts {
    var activeDays = 0
    var activeMinutes = 0
    var peak: PeakMinute?
    /// Calls by `LatencyBucket`.
    var durations: [Int64: Int] = [:]

    /// Percentiles of the durations, nil where none is known.
    var latency: Latency? {
        let buckets = durations.sorted { $0.key < $1.key }
        let n = buckets.reduce(0) { $0 + $1.value }
        guard n > 0 else { return nil }
        func percentile(_ share: Double) -> Int64 {
            // Nearest rank, then linear within the bucket.
            let rank = max(1, Int((share * Double(n)).rounded(.up)))
            var before = 0
            for (bucket, count) in buckets {
                if before + count >= rank {
                    let start = LatencyBucket.start(bucket)
                    let width = LatencyBucket.start(bucket + 1) - start
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
}

extension DayFacts {
    /// Reads whole UTC days from `peak_minute` and `latency`, the period's edges (or all of it, where the filter takes
    /// a part that a table does not keep apart) from rows.
    static func read(
        _ db: Database, _ period: Period, _ selection: Selection, by grouping: Grouping, durations: Bool = true
    ) throws -> [AgentTool: DayFacts] {
        var facts: [AgentTool: DayFacts] = [:]
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
        into facts: inout [AgentTool: DayFacts]
    ) throws {
        let sql = """
            SELECT agent, tool, calls, minute, active FROM peak_minute
            WHERE day >= \(firstDay) AND day < \(lastDay)\(condition)
            """
        try db.forEachRow(sql) { row in
            let key = AgentTool(
                agent: grouping.hasAgent ? row.integer(0) : 0, tool: grouping.hasTool ? row.integer(1) : 0)
            facts[key, default: DayFacts()].activeDays += 1
            facts[key, default: DayFacts()].activeMinutes += row.count(4)
            facts[key, default: DayFacts()].add(minute: row.integer(3), calls: row.count(2))
        }
    }

    private static func readDurations(
        _ db: Database, _ firstDay: Int64, _ lastDay: Int64, _ condition: String, _ grouping: Grouping,
        into facts: inout [AgentTool: DayFacts]
    ) throws {
        let sql = """
            SELECT \(grouping.hasAgent ? "agent" : "0"), \(grouping.hasTool ? "tool" : "0"), bucket, sum(n) FROM latency
            WHERE day >= \(firstDay) AND day < \(lastDay)\(condition) GROUP BY 1, 2, 3
            """
        try db.forEachRow(sql) { row in
            let key = AgentTool(agent: row.integer(0), tool: row.integer(1))
            facts[key, default: DayFacts()].durations[row.integer(2), default: 0] += row.count(3)
        }
    }
}
