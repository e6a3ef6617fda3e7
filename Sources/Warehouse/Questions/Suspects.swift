import Events
import GRDB

/// Pairs of agent and tool that can have run away: all that do, and some that do not.
///
/// Detectors look at a call in a microsecond, which is seconds for ten million calls. Of the same arguments a few times
/// within half an hour, or some dozen calls within a minute, most pairs have neither, so that no rule that wants more can
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

    /// Looks for pairs with at least `identical` calls of the same arguments within 30 minutes, or with a burst.
    ///
    /// - Throws: `WarehouseError`.
    public func suspects(in period: Period, identical: Int, burst: BurstBound) throws(WarehouseError) -> Suspects {
        try ask { db in
            let names = try self.names.read(db)
            var suspects = Suspects()
            var bursts = BurstTable()
            let isStepped = try Suspects.hasClockStep(db, Period(from: burst.learningSince, to: period.to))
            for (pair, needs) in try Suspects.needs(db, until: period.to, burst) {
                if isStepped {
                    suspects.bursting.insert(pair)
                } else if needs.canBurst(since: Clock.start(of: Clock.day, holding: period.from.microseconds)) {
                    bursts.watch(pair, needs)
                }
            }
            var repeats = RepeatSketch(calls: try Suspects.busiestHour(db, until: period.to), threshold: identical)
            let sql = """
                SELECT call.ts_us, call.actor, call.tool, call.arg_digest
                \(CallRows.source(period.from.microseconds, period.to.microseconds))
                """
            try db.forEachNumbers(sql) { row in
                let pair = AgentTool(agent: names.agentID(of: row[1]), tool: names.toolID(of: row[2]))
                bursts.note(pair, at: row[0])
                if row[3] != 0, repeats.note(pair, row[3], at: row[0]) { suspects.repeating.insert(pair) }
            }
            suspects.bursting.formUnion(bursts.found())
            return suspects
        }
    }
}

extension Suspects {
    /// Whether a log's clock was set back or forth: then the detectors' minute is no clock's, and a busy minute is suspect.
    fileprivate static func hasClockStep(_ db: Database, _ period: Period) throws -> Bool {
        let sql = """
            SELECT EXISTS (SELECT 1 FROM control_event WHERE event = 'clock_step'
                AND ts_us >= \(period.from.microseconds) AND ts_us < \(period.to.microseconds))
            """
        return try Bool.fetchOne(db, sql: sql) ?? true
    }

    /// The most records that an hour has.
    fileprivate static func busiestHour(_ db: Database, until end: Timestamp) throws -> Int {
        let sql = """
            SELECT coalesce(max(n), 0) FROM (SELECT sum(last_seq - first_seq + 1) AS n FROM hour
                WHERE hour * 1000000 < \(end.microseconds) GROUP BY hour)
            """
        return try Int.fetchOne(db, sql: sql) ?? 0
    }

    /// The pairs with a busy minute, and what a burst of each would be.
    fileprivate static func needs(
        _ db: Database, until end: Timestamp, _ bound: BurstBound
    ) throws -> [AgentTool: BurstNeeds] {
        var needs: [AgentTool: BurstNeeds] = [:]
        // 60 s lie in two minutes; half of a burst will do where one goes on.
        let sql = """
            SELECT agent, tool, day, minute, calls FROM peak_minute
            WHERE agent <> 0 AND tool <> 0 AND calls >= \(bound.minimum / 4)
                AND day >= \(Clock.start(of: Clock.day, holding: bound.learningSince.microseconds))
                AND day * 1000000 < \(end.microseconds)
            """
        try db.forEachNumbers(sql) { row in
            let pair = AgentTool(agent: row[0], tool: row[1])
            needs[pair, default: BurstNeeds(bound)].add(day: row[2], minute: row[3], calls: Int(row[4]))
        }
        return needs
    }
}
