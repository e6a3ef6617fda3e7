import Events
import Testing

@testable import Terminal

@Suite("OutcomeJoin")
struct OutcomeJoinTests {
    @Test func anOutcomeStandsBesideItsCallAndOrderIsKept() {
        var join = OutcomeJoin()
        var shown: [TailEntry] = []
        shown += join.push(Fixture.entry(0, 0, Fixture.decision()))
        shown += join.push(Fixture.entry(1, 1, Fixture.decision(verdict: .deny)))
        #expect(shown.isEmpty)
        shown += join.push(Fixture.entry(2, 2, Fixture.outcome(of: 0, microseconds: 5)))
        shown += join.finish()
        #expect(shown.compactMap { $0.record?.seq } == [0, 1])
        #expect(shown.first?.outcome?.upstreamMicroseconds == 5)
    }

    @Test func aCallWithoutOutcomeWaitsForTheWindowOnly() {
        var join = OutcomeJoin(window: 3)
        var shown: [TailEntry] = []
        for seq in 0..<10 { shown += join.push(Fixture.entry(UInt64(seq), 0, Fixture.decision())) }
        #expect(shown.count == 7)
        shown += join.push(Fixture.entry(10, 1, Fixture.outcome(of: 0)))
        #expect(shown.last?.record?.seq != 10)
        shown += join.finish()
        #expect(shown.compactMap { $0.record?.seq } == Array(0...10))
    }

    @Test func logsDoNotTakeEachOthersOutcomes() {
        var join = OutcomeJoin()
        var shown = join.push(Fixture.entry(0, 0, Fixture.decision(), log: 0))
        shown += join.push(Fixture.entry(1, 1, Fixture.outcome(of: 0), log: 1))
        shown += join.finish()
        #expect(shown.count == 2)
        #expect(shown.allSatisfy { $0.outcome == nil })
    }

    @Test func everyLineOfALongLogComesOutOnceAndInOrder() {
        var join = OutcomeJoin(window: 16)
        var random = SplitMix(seed: 3)
        var expected: [UInt64] = []
        var shown: [TailEntry] = []
        var open: [UInt64] = []
        for seq in 0..<5_000 as Range<UInt64> {
            if let of = open.first, random.next() % 2 == 0 {
                open.removeFirst()
                shown += join.push(Fixture.entry(seq, 0, Fixture.outcome(of: of)))
            } else {
                open.append(seq)
                expected.append(seq)
                shown += join.push(Fixture.entry(seq, 0, Fixture.decision()))
            }
        }
        shown += join.finish()
        let calls = shown.compactMap { entry in
            if case .decision? = entry.record?.body { entry.record?.seq } else { nil }
        }
        #expect(calls == expected, "seed 3")
    }
}
