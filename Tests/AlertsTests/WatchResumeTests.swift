import Detection
import Events
import Simulation
import Testing

@testable import Alerts

/// A watch that is stopped, killed and started anew records what one that never stopped would have recorded.
@Suite struct WatchResumeTests {
    /// A log that grows, a watch's own log, and its outbox; the only things that survive a kill.
    private final class World {
        struct Killed: Error {}

        let scratch: Scratch
        let records: [Record]
        var visible = 0
        var own: [Record] = []
        /// After how many more steps the watch dies, having recorded the last one; nil for never.
        var stepsToLive: Int?
        /// How far the clock is ahead of the newest record, in microseconds.
        let lag: Int64

        init(_ records: [Record], lag: Int64) throws {
            scratch = try Scratch()
            self.records = records
            self.lag = lag
        }

        var now: Timestamp { records[max(0, visible - 1)].timestamp.advanced(by: lag) }

        func watcher(resuming memory: WatchMemory?) -> Watcher {
            let publish = { [self] (step: AlertTransition) in
                own.append(Record(seq: UInt64(own.count), timestamp: now, body: .control(step.control)))
                guard let left = stepsToLive else { return }
                stepsToLive = left - 1
                if left <= 1 { throw Killed() }
            }
            var watcher =
                memory.map { Watcher(resuming: $0, publish: publish, problem: { Issue.record("\($0)") }) }
                ?? Watcher(delivery: .sinceLastWatch, publish: publish, problem: { Issue.record("\($0)") })
            for record in own { watcher.recall(record) }
            let place = memory?.places.first ?? WatchedPlace(origin: "o", epoch: 1, name: "gw", nextSeq: 0)
            var next = Int(place.nextSeq)
            watcher.follow(
                WatchedLog(at: place) { [self] in
                    guard next < visible else { return nil }
                    var buffer = LineBuffer()
                    let first = next
                    for _ in 0..<7 where next < visible {
                        buffer.append(records[next])
                        next += 1
                    }
                    let bytes = withExtendedLifetime(buffer) { [UInt8]($0.bytes) }
                    return WatchedLog.Block(firstSeq: UInt64(first), bytes: bytes)
                })
            return watcher
        }

        /// What is on record, without the moments of writing and the seqs.
        var told: [String] { own.map(WatchResumeTests.line) }
    }

    private static func line(_ record: Record) -> String {
        var buffer = LineBuffer()
        buffer.append(Record(seq: 0, timestamp: Timestamp(microseconds: 0), body: record.body))
        return withExtendedLifetime(buffer) { String(decoding: $0.bytes, as: UTF8.self) }
    }

    private static func records(seed: UInt64, calls: Int = 4000) -> [Record] {
        var options = FleetOptions(seed: seed)
        options.calls = calls
        options.scenario = .fleet
        var fleet = SimulatedFleet(options)
        var records: [Record] = []
        while let (time, body) = fleet.next() {
            records.append(Record(seq: UInt64(records.count), timestamp: time, body: body))
        }
        return records
    }

    /// The same log read in one go.
    private static func whole(_ records: [Record]) throws -> [String] {
        var told: [String] = []
        var watcher = Watcher(
            delivery: .everything,
            publish: { told.append(line(Record(seq: 0, timestamp: $0.at, body: .control($0.control)))) },
            problem: { Issue.record("\($0)") })
        var next = 0
        watcher.follow(
            WatchedLog(name: "gw") {
                guard next < records.count else { return nil }
                var buffer = LineBuffer()
                buffer.append(records[next])
                next += 1
                return withExtendedLifetime(buffer) { [UInt8]($0.bytes) }
            })
        // No later than the newest record: what the clock ends afterwards is another matter.
        while try watcher.step(now: records[records.count - 1].timestamp) == .more {}
        return told
    }

    /// Calls that are being made, and a log that is filled with calls of half a year ago.
    @Test(arguments: [Int64(20_000), 15_552_000_000_000])
    func stopsKillsAndResumesChangeNothing(lag: Int64) throws {
        try stopsAndKills(seed: UInt64.random(in: 1...1_000_000), lag: lag)
    }

    /// Stopped in the midst of the first piece that came: what came after it was taken for calls being made.
    @Test(arguments: [UInt64(1076), 1086])
    func seedsThatFailed(seed: UInt64) throws {
        try stopsAndKills(seed: seed, lag: 15_552_000_000_000)
    }

    private func stopsAndKills(seed: UInt64, lag: Int64) throws {
        var random = SplitMix(seed)
        let world = try World(Self.records(seed: seed), lag: lag)
        let expected = try Self.whole(world.records)
        let outbox = try Outbox(path: "\(world.scratch.path)/o")
        var stops = 0
        var watcher: Watcher? = world.watcher(resuming: nil)
        // A watch that began before the log had anything.
        while try watcher?.step(now: world.now.advanced(by: -1)) == .more {}
        try keep(watcher, world, outbox)
        while world.visible < world.records.count || watcher == nil {
            if watcher == nil {
                let kept = try outbox.memory(settings: DetectionSettings())
                guard case .usable(let memory) = kept else {
                    Issue.record("seed \(seed): \(kept)")
                    return
                }
                watcher = world.watcher(resuming: memory)
                stops += 1
            }
            world.visible = min(world.records.count, world.visible + Int(random.next() % 400))
            if random.next() % 6 == 0 { world.stepsToLive = 1 + Int(random.next() % 3) }
            do {
                while try watcher?.step(now: world.now, limit: 100) == .more {
                    // Stopped in the middle of what there is to read, with its memory kept.
                    guard random.next() % 40 == 0 else { continue }
                    try keep(watcher, world, outbox)
                    watcher = nil
                }
                switch random.next() % 8 {
                case 0...2: try keep(watcher, world, outbox)
                case 3:
                    try keep(watcher, world, outbox)
                    watcher = nil
                case 4: watcher = nil
                default: break
                }
            } catch is World.Killed {
                watcher = nil
            }
            world.stepsToLive = nil
        }
        #expect(stops > 5 && expected.count > 20, "seed \(seed): \(stops) stops, \(expected.count) steps")
        let told = world.told
        let place =
            zip(told, expected).enumerated().first { $0.element.0 != $0.element.1 }?.offset
            ?? min(told.count, expected.count)
        #expect(
            told.count == expected.count && place == expected.count,
            "seed \(seed): \(told.count) steps for \(expected.count), another one at \(place)")
    }

    private func keep(_ watcher: Watcher?, _ world: World, _ outbox: Outbox) throws {
        guard let memory = watcher?.memory(ownSeq: UInt64(world.own.count)) else { return }
        try outbox.keep(memory, now: world.now)
    }

    @Test func aPauseInAnImportEndsNothingThatGoesOnInIt() {
        var clock = StreamClock()
        let start = AlertBookTests.start
        let later = start.advanced(by: 3_600_000_000)
        #expect(clock.time(at: later) == later.advanced(by: -StreamClock.slack))
        clock.note(start, at: later, isHistory: true)
        #expect(clock.time(at: later) == later.advanced(by: -StreamClock.slack), "what is over is over")
        clock.note(start, at: later, isHistory: false)
        #expect(clock.isOfThePast && clock.time(at: later) == start.advanced(by: -StreamClock.slack))
        let minute: Int64 = 60_000_000
        #expect(clock.time(at: later.advanced(by: minute)) == start.advanced(by: minute - StreamClock.slack))
        // A watch that is started a day later goes on where the log is.
        var resumed = StreamClock(isOfThePast: true)
        let next = later.advanced(by: 1440 * minute)
        resumed.note(start, at: next, isHistory: true)
        #expect(resumed.time(at: next) == start.advanced(by: -StreamClock.slack))
        resumed.note(next, at: next, isHistory: false)
        #expect(!resumed.isOfThePast && resumed.time(at: next) == next.advanced(by: -StreamClock.slack))
    }

    @Test func aWatchThatBeganBeforeTheFirstRecordTakesItsTimeFromWhatComes() {
        var clock = StreamClock()
        let start = AlertBookTests.start
        let later = start.advanced(by: 3_600_000_000)
        clock.note(nil, at: start, isHistory: true)
        #expect(clock.isOfThePast, "and so says a memory that is taken before the first piece was read to its end")
        clock.note(start, at: later, isHistory: true)
        #expect(clock.time(at: later) == start.advanced(by: -StreamClock.slack))
    }

    @Test func whatAKilledWatchToldBeyondItsMemoryAndNobodyFindsAgainIsEnded() throws {
        var book = AlertBook()
        let finding = AlertBookTests.finding(from: 0, to: 1)
        var other = AlertBook()
        let told = other.apply(AlertBookTests.change(.raised, finding, at: 1))
        book.expect(try #require(told.first))
        let over = book.settle(AlertBookTests.minute(30))
        #expect(over.map(\.to) == [.resolved] && over.map(\.alert.id) == told.map(\.alert.id))
        #expect(book.settle(AlertBookTests.minute(31)).isEmpty)
    }

    @Test func theSecondOfTwoStepsOfOneMomentIsTold() throws {
        // A first use is raised and over at once; the watch was killed in between.
        var first = AlertBook()
        let finding = AlertBookTests.finding(from: 0, to: 1, rule: .novelty, severity: .info)
        let raised = try #require(first.apply(AlertBookTests.change(.raised, finding, at: 1)).first)
        var second = AlertBook()
        second.expect(raised)
        let again = second.apply(AlertBookTests.change(.raised, finding, at: 1))
        let cleared = second.apply(AlertBookTests.change(.cleared, finding, at: 1))
        #expect(again.map(\.audience) == [.nobody] && cleared.map(\.audience) == [.everyone])
    }
}

/// splitmix64 (Steele, Lea, Flood 2014).
struct SplitMix {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
