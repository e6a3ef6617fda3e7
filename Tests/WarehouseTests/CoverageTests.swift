import Events
import Testing

@testable import Warehouse

@Suite struct CoverageTests {
    private func call(_ seq: UInt64, at: Int64) -> Record {
        var decision = Decision(
            gateway: "gw", identity: .grant, server: "ecs", transport: .stdio, method: "tools/call",
            verdict: .allow, mode: .enforce, reason: .allowed)
        decision.agent = "ci"
        decision.tool = "build"
        return Record(seq: seq, timestamp: Timestamp(microseconds: at), body: .decision(decision))
    }

    private func load(_ store: WarehouseStore, _ records: [Record], epoch: Int = 1) throws {
        let loader = try store.loader()
        var line = LineBuffer()
        try loader.begin()
        let cursor = try loader.open(LogKey(origin: "o", epoch: epoch, name: "gw", kind: "gateway"))
        if let first = records.first, first.seq > cursor.nextSeq { try loader.skip(to: first.seq, reason: "damaged") }
        for record in records {
            line.truncate(to: 0)
            line.append(record)
            try loader.load(
                UnsafeRawBufferPointer(rebasing: line.bytes.dropLast()), seq: record.seq,
                at: LinePlace(segment: "s", member: 0))
        }
        try loader.finish(leaf: nil)
        try loader.commit()
    }

    @Test func aNewLogBeginsWhereRetentionLeftIt() throws {
        let folder = try TemporaryFolder()
        let store = try WarehouseStore(creating: folder.file("w.sqlite"))
        try load(store, [call(1000, at: 5), call(1001, at: 6)])
        let log = try #require(try store.coverage().logs.first)
        #expect((log.firstSeq, log.nextSeq, log.records, log.missing) == (1000, 1002, 2, 0))
        #expect(try store.coverage().share == 1)
    }

    @Test func seqsThatTheLogNoLongerHoldsAreAGap() throws {
        let folder = try TemporaryFolder()
        let store = try WarehouseStore(creating: folder.file("w.sqlite"))
        let hour: Int64 = 3_600_000_000
        try load(store, [call(0, at: 5), call(1, at: 6)])
        try load(store, [call(4, at: hour), call(5, at: 2 * hour)])
        let coverage = try store.coverage()
        #expect((coverage.records, coverage.missing, coverage.gapCount) == (4, 2, 1))
        #expect(coverage.share == 4.0 / 6.0)
        #expect(coverage.unanswered == 4)
        func part(_ from: Int64, _ to: Int64) throws -> Coverage {
            try store.coverage(in: Period(from: Timestamp(microseconds: from), to: Timestamp(microseconds: to)))
        }
        // The gap lies between two hours: it belongs to a period that holds both.
        #expect(try part(2 * hour, 3 * hour).gapCount == 0)
        #expect(try part(2 * hour, 3 * hour).records == 1)
        #expect(try part(0, 2 * hour).gapCount == 1)
        #expect(try part(0, 2 * hour).records == 3)
    }

    @Test func aNewEpochGoesOnWhereTheOldOneEnded() throws {
        let folder = try TemporaryFolder()
        let store = try WarehouseStore(creating: folder.file("w.sqlite"))
        try load(store, [call(0, at: 5), call(1, at: 6)])
        var outcome = Outcome(of: 1, ending: .unanswered)
        outcome.agent = "ci"
        try load(store, [Record(seq: 6, timestamp: Timestamp(microseconds: 9), body: .outcome(outcome))], epoch: 2)
        let coverage = try store.coverage()
        #expect(coverage.logs.map(\.epoch) == [1, 2])
        #expect(coverage.logs.map(\.records) == [2, 1])
        #expect(coverage.missing == 4)
        #expect(coverage.rejects == 0)
        #expect(coverage.unanswered == 1)
    }

    @Test func theSpanRunsFromTheFirstCallPastTheLastRecord() throws {
        let folder = try TemporaryFolder()
        let store = try WarehouseStore(creating: folder.file("w.sqlite"))
        #expect(try store.span() == nil)
        #expect(try store.coverage().share == 1)
        let beat = Record(seq: 2, timestamp: Timestamp(microseconds: 70), body: .control(Control(.heartbeat)))
        try load(store, [call(0, at: 50), call(1, at: 60), beat])
        #expect(try store.span() == Period(from: Timestamp(microseconds: 50), to: Timestamp(microseconds: 71)))
    }

    /// A reject has no time of its own; every one of them counts to one of the periods that follow each other.
    @Test func rejectsCountToTheHourBeforeThem() throws {
        let folder = try TemporaryFolder()
        let store = try WarehouseStore(creating: folder.file("w.sqlite"))
        let hour: Int64 = 3_600_000_000
        func load(_ lines: [Record?], of name: String) throws {
            let loader = try store.loader()
            var line = LineBuffer()
            try loader.begin()
            _ = try loader.open(LogKey(origin: name, epoch: 1, name: name, kind: "gateway"))
            for (seq, record) in lines.enumerated() {
                line.truncate(to: 0)
                if let record { line.append(record) } else { line.append(UInt8(ascii: "x")) }
                let bytes = record == nil ? line.bytes[...] : line.bytes.dropLast()
                try loader.load(
                    UnsafeRawBufferPointer(rebasing: bytes), seq: UInt64(seq), at: LinePlace(segment: "s", member: 0))
            }
            try loader.finish(leaf: nil)
            try loader.commit()
        }
        // Before the first, between two hours (two of them), within an hour, behind the last.
        try load(
            [nil, call(1, at: 5), nil, nil, call(4, at: hour), nil, call(6, at: hour + 1), call(7, at: 2 * hour), nil],
            of: "gw")
        func rejects(_ from: Int64, _ to: Int64) throws -> Int {
            try store.coverage(in: Period(from: Timestamp(microseconds: from), to: Timestamp(microseconds: to))).rejects
        }
        #expect(try (rejects(0, hour), rejects(hour, 2 * hour), rejects(2 * hour, 3 * hour)) == (3, 1, 1))
        #expect(try rejects(0, 3 * hour) == 5)
        #expect(try rejects(3 * hour, 4 * hour) == 0)
        #expect(try store.coverage(in: nil).rejects == 5)
        // A log without decisions has no hours: what it could not give is told whatever the time.
        let beat = Record(seq: 0, timestamp: Timestamp(microseconds: 5), body: .control(Control(.heartbeat)))
        try load([beat, nil], of: "watch")
        #expect(try rejects(0, hour) == 4)
        #expect(try rejects(3 * hour, 4 * hour) == 1)
        let period = Period(from: Timestamp(microseconds: 0), to: Timestamp(microseconds: 3 * hour))
        #expect(try store.coverage(in: period).share < 1)
    }
}
