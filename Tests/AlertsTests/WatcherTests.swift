import Alerts
import Detection
import Events
import Testing

/// The watch over logs in memory.
@Suite struct WatcherTests {
    /// A log in memory, and a watch's own log and sinks.
    private final class World {
        var own: [Record] = []
        var told: [AlertTransition] = []
        var problems: [String] = []
        var clock = AlertBookTests.start

        func watcher(_ delivery: Watcher.Delivery = .sinceLastWatch) -> Watcher {
            var watcher = Watcher(
                delivery: delivery,
                publish: { [self] step in
                    own.append(Record(seq: UInt64(own.count), timestamp: clock, body: .control(step.control)))
                    if step.audience == .everyone { told.append(step) }
                },
                problem: { [self] problem in problems.append(problem.description) })
            for record in own { watcher.recall(record) }
            return watcher
        }
    }

    /// Lines that grow, read in blocks.
    private final class Log {
        private(set) var records: [Record] = []
        private var garbage: [Int: String] = [:]

        func call(
            at minutes: Double, agent: String = "ci-07", tool: String = "build", arguments: UInt64 = 1
        ) {
            var decision = Decision(
                gateway: "gw", identity: .grant, server: "ecs", transport: .http, method: "tools/call", verdict: .allow,
                mode: .enforce, reason: .allowed)
            decision.agent = agent
            decision.tool = tool
            decision.risk = .execute
            decision.argumentDigest = Digest64(arguments)
            records.append(
                Record(seq: UInt64(records.count), timestamp: AlertBookTests.minute(minutes), body: .decision(decision))
            )
        }

        func spoil(with line: String) {
            garbage[records.count] = line
        }

        /// A reader from the first record at or after a time, `blockLines` lines at a time, of what is there by now.
        func watched(
            _ name: String, from: Timestamp? = nil, blockLines: Int = 3,
            until now: @escaping () -> Timestamp = { Timestamp(microseconds: .max) }
        ) -> WatchedLog {
            var next = from.map { time in records.firstIndex { $0.timestamp >= time } ?? records.count } ?? 0
            return WatchedLog(name: name) { [self] in
                guard next < records.count, records[next].timestamp <= now() else { return nil }
                var buffer = LineBuffer()
                for _ in 0..<blockLines where next < records.count && records[next].timestamp <= now() {
                    if let line = garbage[next] { buffer.append(raw: line + "\n") }
                    buffer.append(records[next])
                    next += 1
                }
                return withExtendedLifetime(buffer) { [UInt8]($0.bytes) }
            }
        }
    }

    private func run(_ watcher: inout Watcher, now: Double) throws {
        while try watcher.step(now: AlertBookTests.minute(now), limit: 7) == .more {}
    }

    @Test func tellsWhatHappensWhileItWatchesAndWhenItEnds() throws {
        let world = World()
        let log = Log()
        var watcher = world.watcher()
        watcher.follow(log.watched("gw"))
        try run(&watcher, now: 0)
        for index in 0..<20 { log.call(at: 1 + Double(index) / 6) }
        try run(&watcher, now: 5)
        #expect(world.told.map(\.to) == [.firing] && watcher.firing.count == 1)
        try run(&watcher, now: 14)
        #expect(world.told.count == 1)
        try run(&watcher, now: 16)
        #expect(world.told.map(\.to) == [.firing, .resolved] && watcher.firing.isEmpty)
        #expect(world.own.count == 2 && world.told[1].alert.finding.attempts == 20)
        #expect(watcher.counters.records == 20 && watcher.counters.recorded == 2 && watcher.counters.delivered == 2)
    }

    @Test func historyTeachesAndIsNotToldUnlessItIsAskedFor() throws {
        let log = Log()
        for index in 0..<20 { log.call(at: 1 + Double(index) / 6) }
        for index in 0..<20 { log.call(at: 300 + Double(index) / 6, agent: "late") }
        let world = World()
        var watcher = world.watcher()
        watcher.follow(log.watched("gw"))
        try run(&watcher, now: 304)
        // The first is over; the second still fires and must be known.
        #expect(world.told.map(\.alert.finding.agent) == ["late"] && world.own.count == 1)

        let all = World()
        var once = all.watcher(.everything)
        once.follow(log.watched("gw"))
        try run(&once, now: 400)
        try once.finish(now: AlertBookTests.minute(400))
        #expect(all.told.map(\.to) == [.firing, .resolved, .firing, .resolved])
        #expect(all.told.map(\.alert.finding.agent) == ["ci-07", "ci-07", "late", "late"])
    }

    /// An end before anybody watched leaves nobody told, so that a return within the hour is news.
    @Test(arguments: [29.0, 31, 35]) func whatComesBackAfterAnUnheardEndIsTold(_ started: Double) throws {
        let log = Log()
        for minute in [1.0, 30] { for index in 0..<20 { log.call(at: minute + Double(index) / 6) } }
        let world = World()
        var watcher = world.watcher()
        watcher.follow(log.watched("gw", until: { world.clock }))
        for tenth in Int(started * 10)...700 {
            world.clock = AlertBookTests.minute(Double(tenth) / 10)
            while try watcher.step(now: world.clock, limit: 7) == .more {}
        }
        #expect(world.told.map(\.to) == [.firing, .resolved], "watched from minute \(started) on")
        #expect(world.told.map(\.cause) == [.reopened, .cleared] && world.own.count == 2)
    }

    /// However often and wherever the watch is stopped, everybody is told everything once.
    @Test(arguments: 0..<24) func aRestartTellsNothingTwiceAndMissesNothing(_ stop: Int) throws {
        let script: [(minutes: Double, agent: String)] =
            (0..<30).map { (2 + Double($0) / 6, "one") } + (0..<30).map { (9 + Double($0) / 6, "two") }
            + (0..<30).map { (100 + Double($0) / 6, "one") }
        let whole = try told(script, stops: [])
        #expect(whole.count == 6)
        let stops = [Double(stop), Double(stop) + 3.1, 90 + Double(stop)]
        let parts = try told(script, stops: stops)
        #expect(parts.count == whole.count, "stopped at \(stops): \(parts)")
        #expect(Set(parts) == Set(whole), "stopped at \(stops): \(parts)")
    }

    /// What is told of a script, with a watch that is stopped at some minutes and started four minutes later.
    private func told(_ script: [(minutes: Double, agent: String)], stops: [Double]) throws -> [String] {
        let world = World()
        let log = Log()
        var watcher: Watcher? = world.watcher()
        watcher?.follow(log.watched("gw"))
        var rest = script.sorted { $0.minutes < $1.minutes }[...]
        for tenth in 0..<1300 {
            let now = Double(tenth) / 10
            world.clock = AlertBookTests.minute(now)
            while let next = rest.first, next.minutes <= now {
                log.call(at: next.minutes, agent: next.agent)
                rest.removeFirst()
            }
            if stops.contains(where: { $0 <= now && now < $0 + 4 }) {
                watcher = nil
            } else if watcher == nil {
                watcher = world.watcher()
                watcher?.follow(log.watched("gw", from: AlertBookTests.minute(now - 1440)))
            }
            while try watcher?.step(now: world.clock) == .more {}
        }
        return world.told.map { "\($0.alert.id) \($0.to) \($0.cause)" }
    }

    @Test func whatAnEarlierRunLeftFiringIsResolved() throws {
        let log = Log()
        for index in 0..<20 { log.call(at: Double(index) / 6) }
        let world = World()
        var watcher = world.watcher()
        try run(&watcher, now: 0)
        watcher.follow(log.watched("gw"))
        try run(&watcher, now: 4)
        #expect(world.told.map(\.to) == [.firing])
        // Days later; nothing of it is read again.
        world.clock = AlertBookTests.minute(5000)
        var later = world.watcher()
        later.follow(log.watched("gw", from: AlertBookTests.minute(4000)))
        try run(&later, now: 5000)
        #expect(world.told.map(\.to) == [.firing, .resolved])
        #expect(Set(world.told.map(\.alert.id)).count == 1)
    }

    @Test func severalLogsAreReadInTheOrderOfTheirTimes() throws {
        // Each log alone shows too little: four of the eight identical calls.
        let logs = [Log(), Log()]
        for index in 0..<8 { logs[index % 2].call(at: 1 + Double(index) / 10) }
        let world = World()
        var watcher = world.watcher(.everything)
        watcher.follow(logs[0].watched("a", blockLines: 1))
        watcher.follow(logs[1].watched("b", blockLines: 100))
        try run(&watcher, now: 2)
        #expect(world.told.map(\.alert.finding.firstRecord.description) == ["a/0"])
        #expect(world.told.map(\.alert.finding.lastRecord.description) == ["a/3"])
    }

    @Test func whatCannotBeReadIsReportedAndTheRestGoesOn() throws {
        struct Broken: Error {}
        let log = Log()
        for index in 0..<10 {
            if index == 5 { log.spoil(with: "{\"v\":1,") }
            log.call(at: Double(index) / 10)
        }
        let world = World()
        var watcher = world.watcher(.everything)
        watcher.follow(WatchedLog(name: "broken") { throw Broken() })
        watcher.follow(log.watched("gw"))
        try run(&watcher, now: 2)
        #expect(world.told.map(\.to) == [.firing])
        #expect(watcher.counters.rejected == 1 && world.problems.count == 2)
        #expect(world.problems.contains { $0.hasPrefix("log broken: not followed any more") })
        #expect(world.problems.contains { $0.hasPrefix("log gw: 1 lines are no records") })
    }

    @Test func anUnwritableOwnLogStopsTheWatch() throws {
        struct Full: Error {}
        var watcher = Watcher(delivery: .everything, publish: { _ in throw Full() }, problem: { _ in })
        let log = Log()
        for index in 0..<10 { log.call(at: Double(index) / 10) }
        watcher.follow(log.watched("gw"))
        #expect(throws: Full.self) { try run(&watcher, now: 2) }
        #expect(watcher.counters.recorded == 0)
    }
}
