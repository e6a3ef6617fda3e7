import Events
import Testing

@testable import Warehouse

@Suite struct DictionaryTests {
    @Test func namesThatCallersInventStopAtTheCapacity() throws {
        let folder = try TemporaryFolder()
        let store = try WarehouseStore(creating: folder.file("w.sqlite"))
        let loader = try WarehouseLoader(path: store.path, capacity: 20)
        let records = (0..<100).map { number in
            var decision = Decision(
                gateway: "gw", identity: .grant, server: "ecs", transport: .stdio, method: "tools/call",
                verdict: .allow, mode: .enforce, reason: .allowed)
            decision.agent = "agent"
            decision.tool = "tool-\(number)"
            decision.session = "session-\(number % 50)"
            return Record(
                seq: UInt64(number), timestamp: Timestamp(microseconds: Int64(number)), body: .decision(decision))
        }
        try loader.load(records: records, of: LogKey(origin: "o", epoch: 1, name: "n", kind: "gateway"))
        #expect(try store.number("SELECT count(*) FROM call") == 100)
        // One more than the capacity: `(other)`.
        #expect(try store.number("SELECT count(*) FROM tool") == 21)
        #expect(try store.number("SELECT count(*) FROM session") == 21)
        #expect(try store.number("SELECT calls FROM tools WHERE tool = '(other)'") == 80)
        #expect(try store.coverage().overflowed == ["session", "tool"])
    }

    @Test func idsSurviveARollBack() throws {
        let folder = try TemporaryFolder()
        let store = try WarehouseStore(creating: folder.file("w.sqlite"))
        let loader = try store.loader()
        let key = LogKey(origin: "o", epoch: 1, name: "n", kind: "gateway")
        func record(_ seq: UInt64, _ agent: String) -> Record {
            var decision = Decision(
                gateway: "gw", identity: .grant, server: "ecs", transport: .stdio, method: "tools/call",
                verdict: .allow, mode: .enforce, reason: .allowed)
            decision.agent = agent
            decision.tool = "t"
            return Record(seq: seq, timestamp: Timestamp(microseconds: Int64(seq)), body: .decision(decision))
        }
        // The second record does not follow: the transaction, with the row of `first`, is taken back.
        #expect(throws: WarehouseError.self) {
            try loader.load(records: [record(0, "first"), record(5, "x")], of: key)
        }
        try loader.load(records: [record(0, "second"), record(1, "first")], of: key)
        let rates = try store.rates(in: Fixture.always)
        #expect(Set(rates.map(\.agent)) == ["first", "second"])
        #expect(rates.allSatisfy { $0.counts.calls == 1 })
    }

    @Test func namesAreReadAgainAfterTheDatabaseWasMadeAnew() throws {
        let folder = try TemporaryFolder()
        let store = try WarehouseStore(creating: folder.file("w.sqlite"))
        let loader = try store.loader()
        let key = LogKey(origin: "o", epoch: 1, name: "n", kind: "gateway")
        for agent in ["before", "after"] {
            var decision = Decision(
                gateway: "gw", identity: .grant, server: "ecs", transport: .stdio, method: "tools/call",
                verdict: .allow, mode: .enforce, reason: .allowed)
            decision.agent = agent
            decision.tool = "t"
            try loader.load(
                records: [Record(seq: 0, timestamp: Timestamp(microseconds: 1), body: .decision(decision))], of: key)
            #expect(try store.rates(in: Fixture.always).map(\.agent) == [agent])
            try loader.makeAnew()
            #expect(try store.rates(in: Fixture.always).isEmpty)
        }
    }

    @Test func aByteTableFindsWhatWasPutIn() {
        var table = ByteTable()
        var generator = SeededGenerator(seed: 3)
        var known: [[UInt8]: Int64] = [:]
        for number in 0..<5000 {
            let key = (0..<Int.random(in: 0..<12, using: &generator)).map { _ in
                UInt8.random(in: 0...9, using: &generator)
            }
            let found = key.withUnsafeBytes { table.value(of: $0) }
            #expect(found == known[key])
            if found == nil {
                key.withUnsafeBytes { table.insert($0, Int64(number)) }
                known[key] = Int64(number)
            }
        }
    }
}
