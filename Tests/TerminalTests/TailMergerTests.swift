import Events
import Testing

@testable import Terminal

@Suite("TailMerger")
struct TailMergerTests {
    @Test func pastLinesOfAllLogsComeInTimeOrder() throws {
        var random = SplitMix(seed: 7)
        var total = 0
        let sources = (0..<5).map { log -> TailSource in
            var seconds = 0.0
            let count = Int(random.next() % 200)
            total += count
            let lines = (0..<count).map { seq -> [UInt8] in
                seconds += Double(random.next() % 1_000) / 100
                return Fixture.line(UInt64(seq), seconds, Fixture.decision("agent\(log)"))
            }
            let blocks = stride(from: 0, to: lines.count, by: 7).map { Array(lines[$0..<min($0 + 7, lines.count)]) }
            return Fixture.source("log\(log)", blocks)
        }
        var merger = TailMerger(sources)
        var entries: [TailEntry] = []
        while let entry = try merger.next() { entries.append(entry) }
        #expect(entries.count == total, "seed 7")
        #expect(zip(entries, entries.dropFirst()).allSatisfy { $0.order <= $1.order })
        for log in 0..<5 {
            let seqs = entries.filter { $0.log == log }.compactMap { $0.record?.seq }
            #expect(seqs == Array(0..<UInt64(seqs.count)))
        }
    }

    @Test func aLogKeepsItsOwnOrderWhereItsClockStepsBack() throws {
        let lines = [10.0, 5, 11].enumerated().map { Fixture.line(UInt64($0), $1, Fixture.decision()) }
        let other = [Fixture.line(0, 7, Fixture.decision("other"))]
        var merger = TailMerger([Fixture.source("a", [lines]), Fixture.source("b", [other])])
        var order: [String] = []
        while let entry = try merger.next() { order.append("\(entry.log)/\(entry.record?.seq ?? 99)") }
        #expect(order == ["1/0", "0/0", "0/1", "0/2"])
    }

    @Test func followingWaitsForEarlierLinesOfOtherLogsOnlyForTheHoldBack() throws {
        var late: [[UInt8]]? = nil
        var early: [[UInt8]]? = [Fixture.line(0, 10, Fixture.decision("early"))]
        let a = TailSource(name: "a") { () -> [[UInt8]]? in
            defer { early = nil }
            return early
        }
        let b = TailSource(name: "b") { () -> [[UInt8]]? in
            defer { late = nil }
            return late
        }
        var merger = TailMerger([a, b])
        #expect(try merger.poll(now: Fixture.at(10.05)).isEmpty)
        #expect(merger.isHolding)
        late = [Fixture.line(0, 9.99, Fixture.decision("late"))]
        let first = try merger.poll(now: Fixture.at(10.10))
        #expect(first.map(\.log) == [1])
        #expect(try merger.poll(now: Fixture.at(10.16)).map(\.log) == [0])
        #expect(!merger.isHolding)
    }

    @Test func oneLogAloneIsNeverHeldBack() throws {
        var merger = TailMerger([Fixture.source("a", [[Fixture.line(0, 10, Fixture.decision())]])])
        #expect(try merger.poll(now: Fixture.at(10)).count == 1)
    }

    @Test func aClockAheadOfOursIsLetGoAfterTheHoldBackToo() throws {
        let ahead = Fixture.source("a", [[Fixture.line(0, 3_600, Fixture.decision())]])
        var merger = TailMerger([ahead, Fixture.source("b", [])])
        #expect(try merger.poll(now: Fixture.at(0)).isEmpty)
        #expect(try merger.poll(now: Fixture.at(0.15)).count == 1)
    }

    @Test func aLineThatIsNoRecordSortsWithTheOneBeforeIt() throws {
        let lines = [Fixture.line(0, 5, Fixture.decision()), Array("{broken".utf8)]
        var merger = TailMerger([Fixture.source("a", [lines])])
        _ = try merger.next()
        let broken = try #require(try merger.next())
        #expect(broken.record == nil)
        #expect(broken.order == Fixture.at(5))
    }
}

/// SplitMix64, for tests that need the same numbers everywhere.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
