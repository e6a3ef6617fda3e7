import Events
import Testing

@testable import Warehouse

/// What is kept of a time is true until its calls change, and no longer.
@Suite struct FingerprintTests {
    private static let day: Int64 = 86_400_000_000
    private static let start = RandomLog.start / day * day
    private static let key = LogKey(origin: "o", epoch: 1, name: "gw", kind: "gateway")
    private static let first = Period(
        from: Timestamp(microseconds: start), to: Timestamp(microseconds: start + 2 * day))

    private static func call(_ seq: UInt64, at microseconds: Int64) -> Events.Record {
        var decision = Decision(
            gateway: "gw", identity: .grant, server: "ecs", transport: .stdio, method: "tools/call",
            verdict: .allow, mode: .enforce, reason: .allowed)
        decision.agent = "ci"
        decision.tool = "build"
        return Record(
            seq: seq, timestamp: Timestamp(microseconds: start + microseconds), body: .decision(decision))
    }

    private let folder: TemporaryFolder
    private let store: WarehouseStore

    init() throws {
        folder = try TemporaryFolder()
        store = try WarehouseStore(creating: folder.file("w.sqlite"))
        try store.loader().load(records: [Self.call(0, at: 1), Self.call(1, at: 9 * Self.day)], of: Self.key)
    }

    @Test func staysWithWhatIsLoadedOfOtherTimes() throws {
        let before = try store.fingerprint(of: Self.first)
        try store.loader().load(records: [Self.call(2, at: 9 * Self.day + 5)], of: Self.key)
        #expect(try store.fingerprint(of: Self.first) == before)
        #expect(try store.holding(Self.first, daysBefore: 7).fingerprint(of: Self.first) == before)
    }

    @Test func movesWithACallThatIsAddedOrAnswered() throws {
        var seen: Set<Digest64> = [try store.fingerprint(of: Self.first)]
        // A late record of the time, then the answer to its first call.
        try store.loader().load(records: [Self.call(2, at: 1)], of: Self.key)
        seen.insert(try store.fingerprint(of: Self.first))
        var outcome = Outcome(of: 0, ending: .ok)
        outcome.upstreamMicroseconds = 7
        let answer = Record(
            seq: 3, timestamp: Timestamp(microseconds: Self.start + 9 * Self.day + 9), body: .outcome(outcome))
        try store.loader().load(records: [answer], of: Self.key)
        seen.insert(try store.fingerprint(of: Self.first))
        #expect(seen.count == 3)
    }

    @Test func aLogThatIsRenamedIsAChange() throws {
        let before = try store.fingerprint(of: Self.first)
        try store.loader().load(records: [], of: LogKey(origin: "o", epoch: 1, name: "moved", kind: "gateway"))
        #expect(try store.fingerprint(of: Self.first) != before)
    }

    @Test func aLoaderThatWritesIsNotWaitedForLong() throws {
        let loader = try store.loader()
        try loader.begin()
        let clock = ContinuousClock()
        let start = clock.now
        #expect(throws: WarehouseError.self) { try store.keep("one", as: "a") }
        #expect(clock.now - start < .seconds(8))
        loader.rollBack()
        try store.keep("one", as: "a")
        #expect(try store.keptText("a") == "one")
    }

    @Test func textsAreKeptUntilOthersTakeTheirPlace() throws {
        #expect(try store.keptText("a") == nil)
        try store.keep("one", as: "a", most: 2)
        try store.keep("two", as: "a", most: 2)
        #expect(try store.keptText("a") == "two")
        try store.keep("three", as: "c", most: 2)
        try store.keep("four", as: "b", most: 2)
        #expect(try [store.keptText("a"), store.keptText("b"), store.keptText("c")] == [nil, "four", "three"])
        // They are no part of what the dashboard's answers are made of.
        let state = try store.state()
        try store.keep("five", as: "d")
        #expect(try store.state() == state)
    }
}
