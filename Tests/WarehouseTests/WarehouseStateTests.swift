import Events
import Testing

@testable import Warehouse

/// A warehouse's version moves with whatever an answer could show, and with nothing else.
@Suite struct WarehouseStateTests {
    private static let day: Int64 = 86_400_000_000
    private static let key = LogKey(origin: "o", epoch: 1, name: "gw", kind: "gateway")

    private static func call(_ seq: UInt64, at microseconds: Int64) -> Events.Record {
        var decision = Decision(
            gateway: "gw", identity: .grant, server: "ecs", transport: .stdio, method: "tools/call",
            verdict: .allow, mode: .enforce, reason: .allowed)
        decision.agent = "ci"
        decision.tool = "build"
        return Record(
            seq: seq, timestamp: Timestamp(microseconds: RandomLog.start / day * day + microseconds),
            body: .decision(decision))
    }

    private static func filled() throws -> (folder: TemporaryFolder, store: WarehouseStore) {
        let folder = try TemporaryFolder()
        let store = try WarehouseStore(creating: folder.file("w.sqlite"))
        try store.loader().load(records: [call(0, at: 1), call(1, at: 9 * day)], of: key)
        return (folder, store)
    }

    @Test func movesWithEachLoadAndTellsTheNewestRecord() throws {
        let (_folder, store) = try Self.filled()
        defer { withExtendedLifetime(_folder) {} }
        let first = try store.state()
        #expect(first.newest == Self.call(0, at: 9 * Self.day).timestamp)
        try store.loader().load(records: [Self.call(2, at: 9 * Self.day + 5)], of: Self.key)
        let second = try store.state()
        #expect(second.version != first.version)
        #expect(second.newest == Self.call(0, at: 9 * Self.day + 5).timestamp)
        let other = LogKey(origin: "p", epoch: 1, name: "gw2", kind: "gateway")
        try store.loader().load(records: [Self.call(0, at: 3)], of: other)
        let third = try store.state()
        #expect(third.version != second.version && third.newest == second.newest, "an older record counts as well")
    }

    @Test func aLogThatIsRenamedIsAChange() throws {
        let (_folder, store) = try Self.filled()
        defer { withExtendedLifetime(_folder) {} }
        let before = try store.state()
        try store.loader().load(records: [], of: LogKey(origin: "o", epoch: 1, name: "moved", kind: "gateway"))
        #expect(try store.state().version != before.version, "records are cited by the log's name")
    }

    @Test func staysWhereNothingChanges() throws {
        let (folder, store) = try Self.filled()
        let state = try store.state()
        #expect(try store.state() == state)
        try store.loader().load(records: [], of: Self.key)
        let loader = try store.loader()
        try loader.begin()
        _ = try loader.open(Self.key)
        loader.rollBack()
        #expect(try store.state() == state)
        #expect(try WarehouseStore(reading: folder.file("w.sqlite")).state() == state, "another reader sees the same")
        let run = try store.loader().retention(
            KeepRule.read("calls=30d").get(), now: Self.call(0, at: 9 * Self.day).timestamp)
        while try run.step() {}
        #expect(try store.state() == state, "nothing was old enough")
    }

    @Test func movesWithWhatRetentionDeletes() throws {
        let (_folder, store) = try Self.filled()
        defer { withExtendedLifetime(_folder) {} }
        let before = try store.state()
        let run = try store.loader().retention(
            KeepRule.read("calls=2d").get(), now: Self.call(0, at: 9 * Self.day).timestamp)
        while try run.step() {}
        #expect(run.deleted[.calls] == 1)
        let after = try store.state()
        #expect(after.version != before.version && after.newest == before.newest)
    }

    @Test func movesWithARebuildThatLoadsTheSameAgain() throws {
        let (_folder, store) = try Self.filled()
        defer { withExtendedLifetime(_folder) {} }
        let before = try store.state()
        let loader = try store.loader()
        try loader.makeAnew()
        let empty = try store.state()
        #expect(empty.newest == nil && empty.version != before.version)
        try store.loader().load(records: [Self.call(0, at: 1), Self.call(1, at: 9 * Self.day)], of: Self.key)
        let after = try store.state()
        #expect(after.newest == before.newest && after.version != before.version)
    }

    /// Of a random filling, each transaction that has loaded something moves it.
    @Test func noTwoStatesOfALoadAreTheSame() throws {
        let folder = try TemporaryFolder()
        let store = try WarehouseStore(creating: folder.file("w.sqlite"))
        let log = RandomLog(number: 0, seed: 91, lines: 300)
        let loader = try store.loader()
        var seen: Set<String> = [try store.state().version]
        for start in stride(from: 0, to: log.lines.count, by: 7) {
            try loader.begin()
            _ = try loader.open(log.key)
            let end = min(start + 7, log.lines.count)
            for seq in start..<end {
                try log.lines[seq].bytes.withUnsafeBytes { bytes in
                    try loader.load(bytes, seq: UInt64(seq), at: LinePlace(segment: "0.ndjson.gz", member: 0))
                }
            }
            try loader.finish(leaf: "leaf \(end)")
            try loader.commit()
            let version = try store.state().version
            #expect(seen.insert(version).inserted, "\(start)")
        }
    }
}
