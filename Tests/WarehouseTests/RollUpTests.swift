import Events
import GRDB
import Testing

@testable import Warehouse

@Suite struct RollUpTests {
    /// A roll-up and the query over rows that it must equal.
    static let recounts: [(table: String, query: String)] = [
        (
            "rollup_hour",
            """
            SELECT ts_us / 3600000000 * 3600, actor, tool, verdict, outcome, count(*), sum(mark = 2), count(upstream_us),
                coalesce(sum(upstream_us), 0) FROM call GROUP BY 1, 2, 3, 4, 5
            """
        ),
        (
            "rollup_day",
            """
            SELECT ts_us / 86400000000 * 86400, actor, tool, verdict, outcome, count(*), sum(mark = 2), count(upstream_us),
                coalesce(sum(upstream_us), 0) FROM call GROUP BY 1, 2, 3, 4, 5
            """
        ),
        (
            "request_hour",
            "SELECT ts_us / 3600000000 * 3600, actor, tool, verdict, sum(n) FROM request GROUP BY 1, 2, 3, 4"
        ),
        (
            "peak_minute",
            """
            WITH one AS (SELECT ts_us / 60000000 * 60 AS minute, agent_id, tool_id FROM call
                    JOIN actor ON actor.id = call.actor JOIN tool ON tool.id = call.tool),
                every AS (SELECT minute, agent_id AS agent, tool_id AS tool FROM one
                    UNION ALL SELECT minute, agent_id, 0 FROM one UNION ALL SELECT minute, 0, tool_id FROM one
                    UNION ALL SELECT minute, 0, 0 FROM one),
                minutes AS (SELECT minute, agent, tool, count(*) AS n FROM every GROUP BY 1, 2, 3),
                days AS (SELECT minute / 86400 * 86400 AS day, agent, tool, max(n) AS calls, count(*) AS active
                    FROM minutes GROUP BY 1, 2, 3)
            SELECT day, agent, tool, calls,
                (SELECT min(minute) FROM minutes AS m WHERE m.agent = days.agent AND m.tool = days.tool
                    AND m.n = days.calls AND m.minute / 86400 * 86400 = days.day), active FROM days
            """
        ),
        (
            "first_use",
            """
            SELECT agent_id, tool_id, ts_us, min(id) FROM (SELECT agent_id, tool_id, ts_us, call.id,
                min(ts_us) OVER (PARTITION BY agent_id, tool_id) AS first FROM call
                JOIN actor ON actor.id = call.actor JOIN tool ON tool.id = call.tool) WHERE ts_us = first GROUP BY 1, 2
            UNION ALL
            SELECT 0, tool_id, ts_us, min(id) FROM (SELECT tool_id, ts_us, call.id,
                min(ts_us) OVER (PARTITION BY tool_id) AS first FROM call
                JOIN tool ON tool.id = call.tool) WHERE ts_us = first GROUP BY 2
            """
        ),
        (
            "hour",
            """
            SELECT ts_us / 3600000000 * 3600, id >> 40, min(id & 1099511627775), max(id & 1099511627775)
            FROM (SELECT id, ts_us FROM call UNION ALL SELECT id, ts_us FROM request) GROUP BY 1, 2
            """
        ),
    ]

    @Test(arguments: [1, 2] as [UInt64]) func rollUpsEqualARecountOfTheRows(seed: UInt64) throws {
        let fixture = try Fixture(seed: seed)
        try fixture.store.ask { db in
            for (table, query) in RollUpTests.recounts {
                let kept = Set(try Row.fetchAll(db, sql: "SELECT * FROM \(table)").map(Self.values))
                let counted = Set(try Row.fetchAll(db, sql: query).map(Self.values))
                #expect(kept == counted, "\(table), seed \(seed)")
                #expect(kept.isEmpty == false)
            }
        }
    }

    @Test(arguments: [5] as [UInt64]) func durationsEqualARecountOfTheRows(seed: UInt64) throws {
        let fixture = try Fixture(seed: seed)
        try fixture.store.ask { db in
            var counted: [[Int64]: Int64] = [:]
            let sql = """
                SELECT ts_us / 86400000000 * 86400, agent_id, tool_id, upstream_us FROM call
                JOIN actor ON actor.id = call.actor JOIN tool ON tool.id = call.tool WHERE upstream_us IS NOT NULL
                """
            for row in try Row.fetchAll(db, sql: sql) {
                let values = Self.values(row)
                let bucket = LatencyBucket.of(values[3])
                counted[[values[0], values[1], 0, bucket], default: 0] += 1
                counted[[values[0], 0, values[2], bucket], default: 0] += 1
            }
            var kept: [[Int64]: Int64] = [:]
            for row in try Row.fetchAll(db, sql: "SELECT * FROM latency") {
                let values = Self.values(row)
                kept[Array(values.prefix(4))] = values[4]
            }
            #expect(kept == counted, "seed \(seed)")
        }
    }

    @Test func minutesKeptForTheNextCatchUpEqualTheRows() throws {
        let fixture = try Fixture(seed: 9)
        try fixture.store.ask { db in
            let days = try Int64.fetchAll(db, sql: "SELECT day FROM minute_day")
            #expect(days.count == 2)
            let kept = Set(try Row.fetchAll(db, sql: "SELECT * FROM minute").map(Self.values))
            let counted = Set(
                try Row.fetchAll(
                    db,
                    sql: """
                        SELECT ts_us / 60000000 * 60, agent_id, tool_id, count(*) FROM call
                        JOIN actor ON actor.id = call.actor JOIN tool ON tool.id = call.tool
                        WHERE ts_us / 86400000000 * 86400 IN (SELECT day FROM minute_day) GROUP BY 1, 2, 3
                        """
                ).map(Self.values))
            #expect(kept == counted)
        }
    }

    /// A bulk load leaves `minute` unwritten; what is there of its days must go, or the next loader goes on from it.
    @Test func aBulkLoadLeavesNoStaleMinutesBehind() throws {
        let folder = try TemporaryFolder()
        let store = try WarehouseStore(creating: folder.file("w.sqlite"))
        let key = LogKey(origin: "o", epoch: 1, name: "n", kind: "gateway")
        var seq: UInt64 = 0
        func calls(_ count: Int) -> [Events.Record] {
            (0..<count).map { number in
                var decision = Decision(
                    gateway: "gw", identity: .grant, server: "ecs", transport: .stdio, method: "tools/call",
                    verdict: .allow, mode: .enforce, reason: .allowed)
                decision.agent = "agent"
                decision.tool = "tool"
                defer { seq += 1 }
                let minute = Int64(number % 600) * 60_000_000
                let day = RandomLog.start / 86_400_000_000 * 86_400_000_000
                return Events.Record(
                    seq: seq, timestamp: Timestamp(microseconds: day + minute), body: .decision(decision))
            }
        }
        for count in [700, 6000, 1] { try store.loader().load(records: calls(count), of: key) }
        // Minute 0 had 2 + 10 calls, and then one more.
        #expect(try store.rates(in: Fixture.always).first?.peak?.calls == 13)
        #expect(try store.number("SELECT max(calls) FROM minute") == 13)
        #expect(try store.number("SELECT sum(calls) FROM minute") == 6701)
    }

    @Test func bucketsOfDurationsAreInOrderAndHoldTheirOwnStart() {
        var last: Int64 = -1
        for microseconds in (0..<5000).map(Int64.init) + [1 << 40, 1 << 62] {
            let bucket = LatencyBucket.of(microseconds)
            #expect(bucket >= last)
            #expect(LatencyBucket.start(bucket) <= microseconds)
            #expect(LatencyBucket.of(LatencyBucket.start(bucket)) == bucket)
            // A quarter of an octave wide: the middle is within an eighth.
            let width = LatencyBucket.start(bucket + 1) - LatencyBucket.start(bucket)
            #expect(width <= max(1, LatencyBucket.start(bucket) / 4))
            last = bucket
        }
    }

    private static func values(_ row: Row) -> [Int64] {
        (0..<row.count).map { row.integer($0) }
    }
}
