import Events
import Foundation
import GRDB
import Testing

@testable import Warehouse

/// Deleted rows make the file shorter, and nobody waits for it.
@Suite struct SpaceTests {
    private static let day: Int64 = 86_400_000_000
    private static let start = RandomLog.start / day * day
    private static let perDay = 3000

    private static func calls(_ seqs: Range<Int>) -> [Events.Record] {
        seqs.map { seq in
            var decision = Decision(
                gateway: "gw", identity: .grant, server: "ecs", transport: .stdio, method: "tools/call",
                verdict: .allow, mode: .enforce, reason: .allowed)
            decision.agent = "agent-\(seq % 7)"
            decision.tool = "tool"
            decision.argumentDigest = Digest64(UInt64(seq) &* 0x9E37_79B9_7F4A_7C15)
            let at = Int64(seq) * (day / Int64(perDay))
            return Record(
                seq: UInt64(seq), timestamp: Timestamp(microseconds: start + at), body: .decision(decision))
        }
    }

    private static func filled(_ folder: TemporaryFolder, days: Int) throws -> WarehouseStore {
        let store = try WarehouseStore(creating: folder.file("w.sqlite"))
        try store.loader().load(records: calls(0..<days * perDay), of: key)
        try SQLiteConnection(writing: store.path).execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return store
    }

    private static let key = LogKey(origin: "o", epoch: 1, name: "gw", kind: "gateway")

    private static func bytes(_ path: String) -> Int {
        ((try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? NSNumber)?.intValue ?? 0
    }

    @Test func theFileGetsAsSmallAsWhatIsLeft() throws {
        let folder = try TemporaryFolder()
        let store = try Self.filled(folder, days: 10)
        let before = Self.bytes(store.path)
        let run = try store.loader().retention(
            KeepRule.read("calls=1d").get(), now: Timestamp(microseconds: Self.start + 10 * Self.day))
        while try run.step() {}
        #expect(run.deleted == [.calls: 9 * Self.perDay])
        #expect(try store.number("PRAGMA freelist_count") == 0)
        let after = Self.bytes(store.path)
        #expect(after < before / 2, "\(before) → \(after) bytes")
        #expect(run.freedPages * 4096 == before - after)
        #expect(try store.texts("PRAGMA integrity_check") == ["ok"])
        #expect(try store.number("SELECT count(*) FROM call") == Self.perDay)
    }

    @Test func aReaderKeepsItsSnapshotAndALoaderGoesOn() throws {
        let folder = try TemporaryFolder()
        let store = try Self.filled(folder, days: 8)
        let before = Self.bytes(store.path)
        let total = 8 * Self.perDay
        let reader = try DatabaseQueue(path: store.path, configuration: Configuration())
        let other = try store.loader()
        try reader.inDatabase { db in
            try db.execute(sql: "BEGIN")
            #expect(try Int.fetchOne(db, sql: "SELECT count(*) FROM call") == total)
            let run = try store.loader().retention(
                KeepRule.read("calls=1d").get(), now: Timestamp(microseconds: Self.start + 8 * Self.day))
            var steps = 0
            while try run.step() {
                steps += 1
                // Each step lets go of the database: another loader's transaction fits between any two.
                if steps <= 20 { try other.load(records: Self.calls(total + steps - 1..<total + steps), of: Self.key) }
                #expect(try Int.fetchOne(db, sql: "SELECT count(*) FROM call") == total)
            }
            #expect(steps > 6)
            #expect(Self.bytes(store.path) >= before, "a page that a snapshot needs must not go")
            #expect(try String.fetchOne(db, sql: "PRAGMA integrity_check") == "ok")
            try db.execute(sql: "COMMIT")
            let left = try Int.fetchOne(db, sql: "SELECT count(*) FROM call") ?? 0
            #expect(left == Self.perDay + min(steps, 20))
        }
        // The next checkpoint, a loader's for one, finds no reader in its way.
        try SQLiteConnection(writing: store.path).execute("PRAGMA wal_checkpoint(PASSIVE)")
        #expect(Self.bytes(store.path) < before)
        #expect(try store.coverage().share == 1)
    }

    @Test func noStepDeletesMoreThanItsShare() throws {
        let folder = try TemporaryFolder()
        let store = try Self.filled(folder, days: 4)
        let run = try store.loader().retention(
            KeepRule.read("calls=1d").get(), now: Timestamp(microseconds: Self.start + 4 * Self.day))
        var last = 4 * Self.perDay
        while try run.step() {
            let left = try store.number("SELECT count(*) FROM call") ?? 0
            #expect(last - left <= RetentionRun.rows)
            last = left
        }
        #expect(last == Self.perDay)
    }

    @Test func statisticsSayWhereTheBytesAre() throws {
        let folder = try TemporaryFolder()
        let store = try Self.filled(folder, days: 2)
        var looked = 0
        let statistics = try store.statistics { done, of in
            looked += 1
            #expect(done == looked && done <= of)
        }
        let call = try #require(statistics.tables.first)
        #expect((call.name, call.rows) == ("call", 2 * Self.perDay))
        #expect(call.oldest == Timestamp(microseconds: Self.start))
        #expect(call.newest == Self.calls(2 * Self.perDay - 1..<2 * Self.perDay).first?.timestamp)
        let bytes = try #require(call.bytes, "this SQLite has no dbstat")
        #expect(statistics.bytesPerCall == Double(bytes) / Double(2 * Self.perDay))
        #expect(statistics.fileBytes == Self.bytes(store.path))
        // All pages are some table's, but those of the schema and of what SQLite keeps for itself.
        let sum = statistics.tables.reduce(0) { $0 + ($1.bytes ?? 0) }
        #expect(sum < statistics.fileBytes && sum > statistics.fileBytes / 2)
        #expect(statistics.dictionaries.map(\.name) == ["actor", "tool", "verdict", "client", "session"])
        #expect(statistics.dictionaries.first?.names == 7)
        #expect(statistics.coverage.logs.first?.nextSeq == UInt64(2 * Self.perDay))
    }
}
