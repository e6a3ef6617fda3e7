import Events
import Foundation
import GRDB
import Testing

@testable import Warehouse

@Suite struct RowTests {
    @Test(arguments: [11, 12] as [UInt64]) func callsEqualANaiveJoinOfDecisionsAndOutcomes(seed: UInt64) throws {
        let fixture = try Fixture(seed: seed)
        var stream = fixture.store.calls(in: Fixture.always)
        var rows: [CallRow] = []
        while let row = try stream.next() { rows.append(row) }
        #expect(rows.count == fixture.model.calls.count, "seed \(seed)")
        let logs = try fixture.store.coverage().logs
        let byKey = Dictionary(uniqueKeysWithValues: rows.map { ("\($0.logID)/\($0.seq)", $0) })
        for call in fixture.model.calls {
            let log = try #require(logs.first { $0.name == fixture.logs[call.log].key.name })
            let row = try #require(byKey["\(log.id)/\(call.seq)"])
            #expect(row == call.row(logID: log.id), "seed \(seed), \(log.name)/\(call.seq)")
        }
    }

    @Test(arguments: [14] as [UInt64]) func cursorsCountEveryLineOnce(seed: UInt64) throws {
        let fixture = try Fixture(seed: seed)
        let coverage = try fixture.store.coverage()
        #expect(coverage.logs.count == fixture.logs.count)
        #expect(coverage.rejects == fixture.model.rejects, "seed \(seed)")
        for log in coverage.logs {
            #expect(log.records == log.decisions + log.outcomes + log.controls + log.rejects)
            let lines = fixture.logs.first { $0.key.name == log.name }?.lines.count
            #expect(log.records == lines)
            #expect(log.nextSeq == lines.map(UInt64.init))
            #expect(log.missing == 0)
        }
        try fixture.store.ask { db in
            let requests = try Int.fetchOne(db, sql: "SELECT count(*) FROM request") ?? 0
            #expect(requests == fixture.model.requests.count)
            let events = try Int.fetchOne(
                db, sql: "SELECT (SELECT count(*) FROM control_event) + (SELECT count(*) FROM alert_transition)")
            #expect(events == fixture.model.controls.count)
        }
    }

    @Test func poisonLinesAreKeptWithReasonPlaceAndFirstBytes() throws {
        let folder = try TemporaryFolder()
        let store = try WarehouseStore(creating: folder.file("w.sqlite"))
        let loader = try store.loader()
        let poison = [UInt8](repeating: 0xFF, count: 1000)
        try loader.begin()
        _ = try loader.open(LogKey(origin: "o", epoch: 1, name: "n", kind: "gateway"))
        try poison.withUnsafeBytes { bytes in
            try loader.load(bytes, seq: 0, at: LinePlace(segment: "00000000000000000000.ndjson.gz", member: 42))
        }
        try loader.finish(leaf: nil)
        try loader.commit()
        try store.ask { db in
            let row = try #require(try Row.fetchOne(db, sql: "SELECT * FROM reject"))
            #expect(row["segment"] == "00000000000000000000.ndjson.gz")
            #expect(row["member"] == 42)
            #expect(row["bytes"] == 1000)
            let head: Data = row["head"]
            #expect(Array(head) == Array(poison.prefix(256)))
            let reason: String = row["reason"]
            #expect(reason == "expected an object at byte 0")
        }
    }

    @Test func aRecordUnderTheWrongSeqIsPutAside() throws {
        let folder = try TemporaryFolder()
        let store = try WarehouseStore(creating: folder.file("w.sqlite"))
        let loader = try store.loader()
        let line = Line.record(
            Record(seq: 7, timestamp: Timestamp(microseconds: 1), body: .control(Control(.heartbeat)))
        ).bytes
        try loader.begin()
        _ = try loader.open(LogKey(origin: "o", epoch: 1, name: "n", kind: "gateway"))
        try line.withUnsafeBytes { try loader.load($0, seq: 0, at: LinePlace(segment: "s", member: 0)) }
        try loader.finish(leaf: nil)
        try loader.commit()
        #expect(try store.coverage().rejects == 1)
        #expect(try store.coverage().logs.first?.nextSeq == 1)
    }

    @Test func aSeqThatDoesNotFollowIsAnError() throws {
        let folder = try TemporaryFolder()
        let store = try WarehouseStore(creating: folder.file("w.sqlite"))
        let key = LogKey(origin: "o", epoch: 1, name: "n", kind: "gateway")
        let loader = try store.loader()
        let records = (0..<4).map { seq in
            Record(seq: UInt64(seq), timestamp: Timestamp(microseconds: 1), body: .control(Control(.heartbeat)))
        }
        try loader.load(records: Array(records[0..<2]), of: key)
        for wrong in [records[1], records[3]] {
            let error = #expect(throws: WarehouseError.self) { try loader.load(records: [wrong], of: key) }
            #expect(error?.code == .sequence)
            #expect(error?.exitCode == 4)
        }
        try loader.load(records: Array(records[2..<4]), of: key)
        #expect(try store.coverage().records == 4)
    }
}

extension NaiveCall {
    /// The row that this call must have.
    func row(logID: Int) -> CallRow {
        CallRow(
            logID: logID, seq: seq, timestamp: Timestamp(microseconds: timestamp), agent: decision.agent,
            grant: decision.grant, name: name, client: decision.client, session: decision.session,
            verdict: decision.verdict, mode: decision.mode, reason: decision.reason, rule: decision.rule,
            stopped: isStopped, argumentDigest: decision.argumentDigest, resultDigest: outcome?.resultDigest,
            argumentBytes: decision.argumentBytes, resultBytes: outcome?.resultBytes, limit: decision.limit,
            retryAfterMilliseconds: decision.retryAfterMilliseconds, outcome: outcome?.ending, code: outcome?.code,
            decideMicroseconds: decision.decideMicroseconds,
            waitMicroseconds: outcome?.waitMicroseconds ?? heldMicroseconds.map(Int.init),
            upstreamMicroseconds: outcome?.upstreamMicroseconds)
    }
}
