import Detection
import Events
import Testing

@testable import Alerts

/// From calls to messages on a scripted clock, through detectors, book, desk and outbox, as a watch has them.
@Suite struct AlertLifeCycleTests {
    /// A message to a webhook.
    private struct Message {
        var minute: Double
        var notices: [AlertNotice]
        var causes: [String] { notices.map(\.cause) }
        var agents: [String] { notices.compactMap(\.agent) }
    }

    /// A watch whose clock only goes on when it is told to, half a minute at a time.
    private final class World {
        let scratch: Scratch
        let outbox: Outbox
        var messages: [Message] = []
        private let sink = MemorySink("hook", gathers: true)
        private var planned: [Record] = []
        private var written: [Record] = []
        private var minutes = 0.0
        private var recorded: UInt64 = 0
        private var publisher: AlertPublisher?
        private var watcher: Watcher?

        init(_ settings: DetectionSettings? = nil) throws {
            scratch = try Scratch()
            outbox = try Outbox(path: "\(scratch.path)/o")
            try outbox.begin(at: 0)
            let publisher = try AlertPublisher(
                outbox: outbox, sinks: [sink],
                append: { [unowned self] _ in
                    recorded += 1
                    return recorded - 1
                }, clock: { [unowned self] in now }, wake: {})
            var watcher = Watcher(
                settings: settings ?? AlertLifeCycleTests.loops, delivery: .sinceLastWatch,
                publish: { try publisher.publish($0) }, problem: { Issue.record("\($0)") })
            var next = 0
            watcher.follow(
                WatchedLog(name: "gw") { [unowned self] in
                    guard next < written.count else { return nil }
                    var lines = LineBuffer()
                    for record in written[next...] { lines.append(record) }
                    next = written.count
                    return withExtendedLifetime(lines) { [UInt8]($0.bytes) }
                })
            self.publisher = publisher
            self.watcher = watcher
        }

        var now: Timestamp { AlertBookTests.minute(minutes) }

        var states: [String] { (try? outbox.standings().map(\.state)) ?? [] }

        /// Plans identical calls five seconds apart.
        func loop(from start: Double, calls: Int = 8, agent: String = "ci-07") {
            for index in 0..<calls {
                var decision = Decision(
                    gateway: "gw", identity: .grant, server: "ecs", transport: .http, method: "tools/call",
                    verdict: .allow, mode: .enforce, reason: .allowed)
                decision.agent = agent
                decision.tool = "build"
                decision.risk = .execute
                decision.argumentDigest = Digest64(1)
                let time = AlertBookTests.minute(start + Double(index) / 12)
                planned.append(Record(seq: 0, timestamp: time, body: .decision(decision)))
            }
            planned.sort { $0.timestamp < $1.timestamp }
        }

        /// Lets time pass.
        func pass(to end: Double) throws {
            while minutes < end {
                minutes = min(end, minutes + 0.5)
                while let next = planned.first, next.timestamp <= now {
                    var record = planned.removeFirst()
                    record.seq = UInt64(written.count)
                    written.append(record)
                }
                while try watcher?.step(now: now) == .more {}
                try publisher?.tick(current: { watcher?.current ?? [] })
                try outbox.gatherGroups(for: "hook", times: GroupTimes(), now: now)
                while let next = try outbox.next(for: "hook", now: now) {
                    messages.append(Message(minute: minutes, notices: next.delivery.notices))
                    try outbox.end(next.number, error: nil, retry: nil, now: now)
                }
            }
        }
    }

    /// The rule `loop` alone, so that one cause is one alert.
    private static var loops: DetectionSettings {
        var settings = DetectionSettings()
        settings.disabled = Set(RuleName.allCases.filter { $0 != .loop })
        return settings
    }

    @Test func twoAgentsOfOneToolAreOneMessageAndAThirdWaitsFiveMinutes() throws {
        let world = try World()
        try world.pass(to: 1)
        world.loop(from: 1.1)
        world.loop(from: 1.2, agent: "ci-08")
        world.loop(from: 4, calls: 20, agent: "ci-09")
        try world.pass(to: 3.5)
        #expect(world.messages.map { $0.agents.sorted() } == [["ci-07", "ci-08"]])
        let first = try #require(world.messages.first?.minute)
        #expect((2.0...3.0).contains(first), "half a minute after the first was found")
        try world.pass(to: first + 4.5)
        #expect(world.messages.count == 1)
        try world.pass(to: first + 5.5)
        #expect(world.messages.count == 2 && world.messages[1].agents.first == "ci-09")
        #expect(Set(world.messages[1].agents) == ["ci-07", "ci-08", "ci-09"], "with what still fires of the rest")
    }

    /// What came to its calm moment is over after ten minutes of calm, and not before.
    @Test func anAlertIsOverAfterTenMinutesOfCalm() throws {
        let world = try World()
        try world.pass(to: 1)
        world.loop(from: 1.1)
        world.loop(from: 10, calls: 2)
        try world.pass(to: 19.5)
        #expect(world.states == ["firing"], "two calls of the same kind were within ten minutes")
        try world.pass(to: 22)
        #expect(world.states == ["resolved"] && world.messages.map(\.causes) == [["raised"], ["cleared"]])
    }

    @Test func whatComesBackWithinTheHourIsNotToldAndLaterIsAnotherAlert() throws {
        let world = try World()
        try world.pass(to: 1)
        for start in [1.1, 40, 130] { world.loop(from: start) }
        try world.pass(to: 39)
        #expect(world.messages.map(\.causes) == [["raised"], ["cleared"]])
        try world.pass(to: 43)
        #expect(world.states == ["firing"] && world.messages.count == 2, "on record, and nobody is told")
        try world.pass(to: 129)
        #expect(world.messages.count == 2, "nor of its end")
        try world.pass(to: 160)
        #expect(world.messages.map(\.causes) == [["raised"], ["cleared"], ["raised"], ["cleared"]])
        let ids = world.messages.flatMap { $0.notices.map(\.id) }
        #expect(ids[0] == ids[1] && ids[2] == ids[3] && ids[0] != ids[2])
    }

    @Test func anExpectedLoadMutesUpToItsFactorAndWhatStillFiresAfterwardsIsTold() throws {
        let world = try World()
        _ = try world.outbox.ask(
            .silence(
                matchers: [AlertMatcher(.agent, "*")], microseconds: 20 * 60_000_000, reason: "backfill", factor: 5),
            who: "ana", now: world.now)
        try world.pass(to: 1)
        // Of 7 calls that are a loop 35 are expected now.
        world.loop(from: 1.1, calls: 20)
        try world.pass(to: 15)
        #expect(world.states == ["resolved"] && world.messages.isEmpty)
        world.loop(from: 16, calls: 9, agent: "late")
        try world.pass(to: 19.5)
        #expect(world.states.sorted() == ["resolved", "silenced"] && world.messages.isEmpty)
        try world.pass(to: 22)
        #expect(world.messages.map(\.causes) == [["unmuted"]] && world.messages.map(\.agents) == [["late"]])
        #expect(try world.outbox.silences(now: world.now).isEmpty)
    }

    /// The 35th call comes before the second growth is due, and twelve minutes before the next.
    @Test func whatGoesBeyondAnExpectedLoadIsToldAtOnce() throws {
        let world = try World()
        _ = try world.outbox.ask(
            .silence(
                matchers: [AlertMatcher(.tool, "build")], microseconds: 120 * 60_000_000, reason: "backfill",
                factor: 5),
            who: "ana", now: world.now)
        try world.pass(to: 1)
        world.loop(from: 1.1, calls: 200)
        let exceeded = 1.1 + 34.0 / 12
        try world.pass(to: exceeded - 0.01)
        #expect(world.states == ["silenced"] && world.messages.isEmpty)
        try world.pass(to: exceeded + 1.5)
        let told = try #require(world.messages.first?.notices.first, "half a minute is the group's")
        #expect(told.cause == "grew" && (35...41).contains(told.observed ?? 0) && world.states == ["firing"])
        try world.pass(to: 30)
        #expect(world.messages.map(\.causes) == [["grew"], ["grew"], ["cleared"]])
        #expect(world.messages[1].notices.map(\.observed) == [189], "from then on as any other alert's growth")
    }

    /// A rules file's expected load raises the threshold itself: nothing is found below it.
    @Test func aDeclaredLoadRaisesTheThreshold() throws {
        for (load, isFound) in [(nil, true), (2, true), (9, false)] as [(Int?, Bool)] {
            var settings = DetectionSettings()
            settings.disabled = Set(RuleName.allCases.filter { $0 != .cap })
            settings.declarations = [Declaration(agent: "ci-07", tool: "build", expectedLoad: load)]
            let world = try World(settings)
            try world.pass(to: 1)
            for offset in 0..<40 { world.loop(from: 1.1 + Double(offset) / 1000, calls: 10) }
            try world.pass(to: 4)
            #expect(world.states == (isFound ? ["firing"] : []), "400 calls a minute, \(load ?? 1) times the load")
        }
    }
}
