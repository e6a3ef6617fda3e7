import Events
import Foundation
import GRDB
import Testing

@testable import Warehouse

/// Rows go by age, sums outlive them, and what is loaded afterwards still counts once.
@Suite struct RetentionTests {
    private static let day: Int64 = 86_400_000_000
    private static let key = LogKey(origin: "o", epoch: 1, name: "gw", kind: "gateway")
    /// Midnight of the first day.
    private static let start = RandomLog.start / day * day

    private struct Log {
        var records: [Events.Record] = []
        var seq: UInt64 { UInt64(records.count) }

        mutating func append(_ body: Events.Record.Body, at: Int64) {
            records.append(Record(seq: seq, timestamp: Timestamp(microseconds: RetentionTests.start + at), body: body))
        }

        mutating func call(at: Int64, tool: String = "build", verdict: Verdict = .allow, of: UInt64? = nil) {
            var decision = Decision(
                gateway: "gw", identity: .grant, server: "ecs", transport: .stdio, method: "tools/call",
                verdict: verdict, mode: .enforce, reason: .allowed)
            decision.agent = "ci"
            decision.tool = tool
            decision.of = of
            append(.decision(decision), at: at)
        }

        mutating func outcome(of seq: UInt64, at: Int64) {
            var outcome = Outcome(of: seq, ending: .ok)
            outcome.upstreamMicroseconds = 1000
            append(.outcome(outcome), at: at)
        }

        func load(_ store: WarehouseStore, _ seqs: Range<Int>) throws {
            try store.loader().load(records: Array(records[seqs]), of: RetentionTests.key)
        }
    }

    @discardableResult
    private static func keep(_ store: WarehouseStore, _ rule: String, now: Int64) throws -> RetentionRun {
        let run = try store.loader().retention(KeepRule.read(rule).get(), now: Timestamp(microseconds: start + now))
        while try run.step() {}
        return run
    }

    private static func rows(_ store: WarehouseStore, _ tables: [String]) throws -> [[String]] {
        try tables.map { try store.dump("SELECT * FROM \($0)") }
    }

    private static let sums = [
        "rollup_hour", "rollup_day", "request_hour", "peak_minute", "latency", "first_use", "hour", "alert",
        "alert_transition", "gap", "actor", "tool", "verdict", "session", "client", "cursor", "reject",
    ]

    @Test(arguments: [81, 82] as [UInt64]) func exactlyTheRowsOfWholeDaysBeforeTheCutGo(seed: UInt64) throws {
        let fixture = try Fixture(seed: seed)
        let store = fixture.store
        let sums = try Self.rows(store, Self.sums)
        let newest = try #require(try store.number("SELECT max(last_us) FROM cursor"))
        let cut = (Int64(newest) - 2 * Self.day) / Self.day * Self.day
        let tables = ["call", "request", "control_event"]
        let condition = { (table: String) in
            table == "control_event" ? "ts_us >= \(cut) OR event = 'gap'" : "ts_us >= \(cut)"
        }
        let left = try tables.map { try store.dump("SELECT * FROM \($0) WHERE \(condition($0))") }
        let before = try Self.rows(store, tables)
        let gone = zip(before, left).map { $0.count - $1.count }
        #expect(gone.allSatisfy { $0 > 0 } && left.allSatisfy { !$0.isEmpty }, "seed \(seed)")
        let run = try Self.keep(store, "calls=2d,requests=2d,events=2d", now: Int64(newest) - Self.start)
        #expect(try Self.rows(store, tables) == left, "seed \(seed)")
        #expect(try Self.rows(store, Self.sums) == sums, "seed \(seed)")
        #expect([run.deleted[.calls], run.deleted[.requests], run.deleted[.events]] == gone.map { $0 })
        let kept = try store.coverage().kept
        #expect(kept.map(\.subject) == [.calls, .requests, .events])
        #expect(kept.allSatisfy { $0.from.microseconds == cut })
        #expect(kept.map(\.rows) == gone)
        // A second pass, and one of a longer age, find nothing; what is deleted stays told.
        #expect(try Self.keep(store, "calls=2d,requests=2d,events=2d", now: Int64(newest) - Self.start).deleted.isEmpty)
        #expect(try Self.keep(store, "calls=9d", now: Int64(newest) - Self.start).deleted.isEmpty)
        #expect(try store.coverage().kept == kept)
        let period = Period(from: Timestamp(microseconds: cut), to: Timestamp(microseconds: cut + Self.day))
        #expect(try store.coverage(in: period).kept.isEmpty)
    }

    @Test func sumsAlertsAndRejectsGoAtTheirOwnAges() throws {
        let fixture = try Fixture(seed: 83)
        let store = fixture.store
        let newest = try #require(try store.number("SELECT max(last_us) FROM cursor"))
        let cut = (Int64(newest) - 2 * Self.day) / Self.day * Self.day
        func count(_ table: String, _ time: String, _ unit: Int64) throws -> Int? {
            try store.number("SELECT count(*) FROM \(table) WHERE \(time) < \(cut / unit)")
        }
        let timed: [(String, String, Int64)] = [
            ("rollup_hour", "hour", 1_000_000), ("request_hour", "hour", 1_000_000), ("hour", "hour", 1_000_000),
            ("rollup_day", "day", 1_000_000), ("peak_minute", "day", 1_000_000), ("latency", "day", 1_000_000),
            ("call", "ts_us", 1), ("request", "ts_us", 1),
        ]
        for (table, time, unit) in timed { #expect(try count(table, time, unit) ?? 0 > 0, "\(table)") }
        let rejects = try store.coverage().rejects
        let kept = try store.number("SELECT count(*) FROM reject") ?? 0
        let firstUses = try store.dump("SELECT * FROM first_use")
        try Self.keep(
            store, "calls=2d,requests=2d,events=2d,alerts=2d,rejects=2d,hours=2d,days=2d",
            now: Int64(newest) - Self.start)
        for (table, time, unit) in timed { #expect(try count(table, time, unit) == 0, "\(table)") }
        for (table, _, _) in timed { #expect(try store.number("SELECT count(*) FROM \(table)") ?? 0 > 0, "\(table)") }
        #expect(try store.number("SELECT count(*) FROM reject") ?? 0 < kept)
        #expect(try store.coverage().rejects == rejects)
        #expect(try store.dump("SELECT * FROM first_use") == firstUses)
        #expect(
            try store.number(
                "SELECT count(*) FROM alert WHERE updated_us < \(cut) AND state NOT IN ('firing', 'pending')") == 0)
        #expect(
            try store.number("SELECT count(*) FROM alert_transition WHERE alert NOT IN (SELECT id FROM alert)") == 0)
        // The span of what can be asked for begins where the sums do.
        #expect(try store.span()?.from.microseconds == cut)
    }

    @Test func whatComesForADeletedCallIsLateAndNeitherPoisonNorCountedTwice() throws {
        let folder = try TemporaryFolder()
        let store = try WarehouseStore(creating: folder.file("w.sqlite"))
        var log = Log()
        log.call(at: 1)  // 0: answered late
        log.call(at: 2, verdict: .hold)  // 1: its hold ends late
        log.call(at: 5 * Self.day)  // 2: keeps its row
        log.outcome(of: 0, at: 5 * Self.day + 1)  // 3
        log.call(at: 5 * Self.day + 2, verdict: .allow, of: 1)  // 4: the end of the hold
        log.outcome(of: 4, at: 5 * Self.day + 3)  // 5: the outcome of what was held
        log.outcome(of: 2, at: 5 * Self.day + 4)  // 6: as ever
        log.outcome(of: 900, at: 5 * Self.day + 5)  // 7: poison
        try log.load(store, 0..<3)
        try Self.keep(store, "calls=2d", now: 5 * Self.day)
        #expect(try store.texts("SELECT id FROM call") == ["2"])
        let sums = try Self.rows(store, ["rollup_hour", "rollup_day", "peak_minute"])
        try log.load(store, 3..<6)
        #expect(try Self.rows(store, ["rollup_hour", "rollup_day", "peak_minute"]) == sums)
        try log.load(store, 6..<8)
        let coverage = try #require(try store.coverage().logs.first)
        #expect((coverage.late, coverage.outcomes, coverage.decisions, coverage.rejects) == (3, 3, 4, 1))
        #expect(coverage.nextSeq == 8 && coverage.records == 8)
        #expect(try store.texts("SELECT id || ':' || of FROM late ORDER BY id") == ["3:0", "4:1", "5:4"])
        #expect(try store.texts("SELECT reason FROM reject") == ["outcome of 900, which is not here"])
        #expect(try store.number("SELECT sum(n) FROM rollup_day") == 3)
        #expect(try store.number("SELECT late FROM coverage") == 3)
        // As old as calls are kept, they go too; the number stays.
        log.append(.control(Control(.heartbeat)), at: 9 * Self.day)
        try log.load(store, 8..<9)
        try Self.keep(store, "calls=2d", now: 9 * Self.day)
        #expect(try store.number("SELECT count(*) FROM late") == 0)
        #expect(try store.coverage().late == 3)
    }

    /// Peaks and first uses of a day whose rows are gone are not worked out anew from the few that come for it later.
    @Test func peaksAndFirstUsesOfDeletedDaysStay() throws {
        let folder = try TemporaryFolder()
        let store = try WarehouseStore(creating: folder.file("w.sqlite"))
        var log = Log()
        for number in 0..<50 { log.call(at: 600_000_000 + Int64(number)) }
        log.call(at: 5 * Self.day)
        log.call(at: 6 * Self.day)
        // Of the deleted day: the clock had stepped back.
        log.call(at: 7_200_000_000)
        log.call(at: 7_200_000_001)
        try log.load(store, 0..<52)
        let peak = try store.texts(
            "SELECT calls || ' ' || minute FROM peak_minute WHERE day = \(Self.start / 1_000_000) ORDER BY agent, tool")
        let uses = try store.dump("SELECT * FROM first_use")
        #expect(peak.count == 4 && peak.allSatisfy { $0.hasPrefix("50 ") })
        try Self.keep(store, "calls=2d", now: 6 * Self.day)
        #expect(try store.number("SELECT count(*) FROM call") == 2)
        for seq in 52..<54 { try log.load(store, seq..<seq + 1) }
        #expect(
            try store.texts(
                "SELECT calls || ' ' || minute FROM peak_minute WHERE day = \(Self.start / 1_000_000) ORDER BY agent, tool"
            )
                == peak)
        #expect(try store.dump("SELECT * FROM first_use") == uses)
        #expect(try store.number("SELECT n FROM rollup_day WHERE day = \(Self.start / 1_000_000)") == 52)
        // They are of a time that is not kept: the next pass takes them, and leaves their sums.
        #expect(try Self.keep(store, "calls=2d", now: 6 * Self.day).deleted == [.calls: 2])
        #expect(try store.number("SELECT n FROM rollup_day WHERE day = \(Self.start / 1_000_000)") == 52)
    }

    @Test func aClockThatRunsAheadDeletesNothing() throws {
        let folder = try TemporaryFolder()
        let store = try WarehouseStore(creating: folder.file("w.sqlite"))
        var log = Log()
        log.call(at: 1)
        log.call(at: Self.day)
        try log.load(store, 0..<2)
        let run = try Self.keep(store, "calls=2d", now: 4000 * Self.day)
        #expect(run.deleted.isEmpty)
        #expect(try store.coverage().kept.isEmpty)
    }

    /// A run that ends after any number of steps, as by a kill, is begun again and comes to the same.
    @Test func aRunThatWasCutOffIsFinishedByTheNext() throws {
        let fixture = try Fixture(seed: 85)
        let whole = try Fixture(seed: 85)
        let newest = try #require(try whole.store.number("SELECT max(last_us) FROM cursor"))
        let rule = "calls=1d,requests=1d,events=1d,hours=1d,days=1d"
        try Self.keep(whole.store, rule, now: Int64(newest) - Self.start)
        for steps in 0..<8 {
            let run = try fixture.store.loader().retention(
                KeepRule.read(rule).get(), now: Timestamp(microseconds: Int64(newest)))
            for _ in 0..<steps { _ = try run.step() }
        }
        try Self.keep(fixture.store, rule, now: Int64(newest) - Self.start)
        for table in Self.sums + ["call", "request", "control_event", "kept", "expired"] {
            #expect(
                try fixture.store.dump("SELECT * FROM \(table)") == whole.store.dump("SELECT * FROM \(table)"),
                "\(table)")
        }
    }

    /// Loading and retention in any order: each line is counted once, each call is in its day's sum once, and no row of a
    /// kept day is missing.
    @Test(arguments: [86, 87, 88, 89] as [UInt64]) func everythingCountsOnceHoweverRetentionFallsBetween(
        seed: UInt64
    ) throws {
        let whole = try Fixture(seed: seed)
        let folder = try TemporaryFolder()
        let store = try WarehouseStore(creating: folder.file("w.sqlite"))
        var generator = SeededGenerator(seed: seed)
        let loader = try store.loader()
        var next = whole.logs.map { _ in 0 }
        while let index = next.indices.filter({ next[$0] < whole.logs[$0].lines.count }).randomElement(
            using: &generator)
        {
            let log = whole.logs[index]
            let end = min(log.lines.count, next[index] + Int.random(in: 1...40, using: &generator))
            try loader.begin()
            _ = try loader.open(log.key)
            for seq in next[index]..<end {
                try log.lines[seq].bytes.withUnsafeBytes { bytes in
                    try loader.load(bytes, seq: UInt64(seq), at: LinePlace(segment: "s", member: 0))
                }
            }
            try loader.finish(leaf: nil)
            try loader.commit()
            next[index] = end
            guard generator.oneIn(3) else { continue }
            let rule = generator.oneIn(2) ? "calls=1d,requests=1d" : "calls=1d,requests=2d,events=1d,hours=3d"
            try Self.keep(store, rule, now: 1000 * Self.day)
        }
        let byDay = """
            SELECT day, agent, server, tool.tool, sum(n) FROM rollup_day JOIN actor ON actor.id = actor
            JOIN tool ON tool.id = rollup_day.tool GROUP BY 1, 2, 3, 4
            """
        #expect(try store.dump(byDay) == whole.store.dump(byDay), "seed \(seed)")
        let uses = """
            SELECT (SELECT agent FROM actor WHERE id = first_use.agent), server, tool.tool, ts_us FROM first_use
            JOIN tool ON tool.id = first_use.tool
            """
        #expect(try store.dump(uses) == whole.store.dump(uses), "seed \(seed)")
        let (mine, theirs) = (try store.coverage(), try whole.store.coverage())
        #expect(mine.logs.map(\.nextSeq) == theirs.logs.map(\.nextSeq))
        #expect(mine.logs.map(\.records) == theirs.logs.map(\.records))
        #expect(mine.logs.map(\.decisions) == theirs.logs.map(\.decisions))
        #expect(mine.logs.map(\.controls) == theirs.logs.map(\.controls))
        #expect(mine.late > 0 || mine.rejects == theirs.rejects, "seed \(seed)")
        #expect(mine.rejects <= theirs.rejects && mine.late >= theirs.rejects - mine.rejects, "seed \(seed)")
        let from = try #require(mine.kept.first { $0.subject == .calls }?.from.microseconds, "seed \(seed)")
        let rows = """
            SELECT name, call.id & 1099511627775, ts_us, arg_digest FROM call JOIN log ON log.id = call.id >> 40
            WHERE ts_us >= \(from)
            """
        #expect(try store.dump(rows) == whole.store.dump(rows), "seed \(seed)")
        #expect(try store.number("SELECT count(*) FROM rollup_day WHERE n < 0") == 0)
        #expect(try store.number("SELECT count(*) FROM rollup_hour WHERE n < 0") == 0)
        let peaks = "SELECT sum(calls) FROM peak_minute WHERE agent = 0 AND tool = 0"
        #expect(try store.number(peaks) ?? 0 <= whole.store.number(peaks) ?? 0)
    }
}
