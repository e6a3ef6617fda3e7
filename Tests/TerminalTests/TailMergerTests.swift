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

    @Test func aHoleStandsBeforeTheLineBehindIt() throws {
        let lines = [Fixture.line(7, 10, Fixture.decision())]
        var blocks = [TailBlock(firstSeq: 7, lines: lines, missing: 4..<7)][...]
        let other = Fixture.source("b", [[Fixture.line(0, 5, Fixture.decision("other"))]])
        var merger = TailMerger([TailSource(name: "a") { blocks.popFirst() }, other])
        var entries: [TailEntry] = []
        while let entry = try merger.next() { entries.append(entry) }
        #expect(entries.map(\.log) == [1, 0, 0])
        #expect(entries.map(\.missing) == [nil, 4..<7, nil])
        #expect(entries.map(\.seq) == [0, 4, 7])
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
        let a = TailSource(name: "a") { () -> TailBlock? in
            defer { early = nil }
            return early.map { TailBlock(firstSeq: 0, lines: $0) }
        }
        let b = TailSource(name: "b") { () -> TailBlock? in
            defer { late = nil }
            return late.map { TailBlock(firstSeq: 0, lines: $0) }
        }
        var merger = TailMerger([a, b], holdBackMicroseconds: 150_000)
        #expect(try merger.poll(now: Fixture.at(10.05)).isEmpty)
        #expect(merger.isHolding)
        late = [Fixture.line(0, 9.99, Fixture.decision("late"))]
        let first = try merger.poll(now: Fixture.at(10.10))
        #expect(first.map(\.log) == [1])
        #expect(try merger.poll(now: Fixture.at(10.16)).map(\.log) == [0])
        #expect(!merger.isHolding)
    }

    @Test func eachLineWaitsForItselfHoweverManyFollow() throws {
        var blocks = (0..<20).map { [Fixture.line(UInt64($0), 10 + Double($0) / 100, Fixture.decision())] }[...]
        var seq: UInt64 = 0
        var passed = 0
        let busy = TailSource(name: "a") {
            guard seq <= passed, let lines = blocks.popFirst() else { return nil }
            defer { seq += 1 }
            return TailBlock(firstSeq: seq, lines: lines)
        }
        var merger = TailMerger([busy, Fixture.source("b", [])], holdBackMicroseconds: 50_000)
        var shown: [UInt64: Double] = [:]
        for step in 0..<40 {
            let now = 10 + Double(step) / 100
            passed = step
            for entry in try merger.poll(now: Fixture.at(now)) { shown[entry.seq] = now }
        }
        #expect(shown.count == 20)
        #expect(shown.allSatisfy { $0.value >= 10 + Double($0.key) / 100 + 0.05 - 0.001 })
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
