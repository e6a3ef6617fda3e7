import Events
import Foundation
import GRDB
import Testing

@testable import Warehouse

/// Databases of every released version are led forward, and nothing in them changes.
@Suite struct MigrationTests {
    /// A released version's own file: what a tollgate of that version made its databases from.
    private static func schema(_ version: Int, _ file: String = #filePath) throws -> String {
        let real = URL(fileURLWithPath: file).resolvingSymlinksInPath()
        let root = real.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        return try String(contentsOf: root.appendingPathComponent("schemas/warehouse.v\(version).sql"), encoding: .utf8)
    }

    /// Rows of `call` in the columns that it had in version 1.
    private static let version1Calls = """
        SELECT call.id, ts_us, actor, tool, verdict, outcome, mark = 1, mark = 2, session, client, code, decide_us, wait_us,
            upstream_us, arg_digest, arg_bytes, result_digest, result_bytes, limit_used, retry_after_ms, final_seq
        FROM today.call LEFT JOIN today.call_rare ON call_rare.id = call.id
        """

    /// A database of version 1 with the rows of a store of today, as a tollgate of that version would have left it.
    private static func makeVersion1(_ path: String, from store: WarehouseStore) throws {
        let connection = try SQLiteConnection(writing: path)
        try connection.execute("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL")
        try connection.execute(schema(1))
        try connection.execute("ATTACH '\(store.path)' AS today")
        let tables = try store.texts(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
        let old = try connection.number("SELECT count(*) FROM main.sqlite_schema WHERE type = 'table'")
        var copied = 0
        for table in tables {
            let count = try connection.number("SELECT count(*) FROM main.sqlite_schema WHERE name = '\(table)'")
            guard count > 0 else { continue }
            let rows = table == "call" ? version1Calls : "SELECT * FROM today.\"\(table)\""
            try connection.execute("DELETE FROM main.\"\(table)\"; INSERT INTO main.\"\(table)\" \(rows)")
            copied += 1
        }
        #expect(copied == Int(old))
        #expect(try connection.number("PRAGMA main.user_version") == 1)
    }

    /// Schema objects by name, as SQLite keeps their texts, comments and all.
    private static func objects(_ store: WarehouseStore) throws -> [String] {
        try store.texts(
            "SELECT type || ' ' || name || ': ' || coalesce(sql, '') FROM sqlite_schema ORDER BY type, name")
    }

    private static func rows(_ store: WarehouseStore) throws -> [String: [String]] {
        let tables = try store.texts(
            "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'")
        return try Dictionary(uniqueKeysWithValues: tables.map { ($0, try store.dump("SELECT * FROM \"\($0)\"")) })
    }

    @Test(arguments: [71] as [UInt64]) func version1BecomesTodaysRowForRowAndSchemaForSchema(seed: UInt64) throws {
        let fixture = try Fixture(seed: seed)
        let path = fixture.folder.file("old.sqlite")
        try Self.makeVersion1(path, from: fixture.store)
        let migrated = try WarehouseStore(creating: path)
        #expect(try migrated.number("PRAGMA user_version") == WarehouseSchema.version)
        #expect(try Self.objects(migrated) == Self.objects(fixture.store))
        let rows = try Self.rows(migrated)
        #expect(try rows == Self.rows(fixture.store), "seed \(seed)")
        #expect(rows["call"]?.isEmpty == false && rows["reject"]?.isEmpty == false)
        #expect(try migrated.texts("PRAGMA integrity_check") == ["ok"])
    }

    @Test func loadingGoesOnFromTheOldCursor() throws {
        let folder = try TemporaryFolder()
        let whole = try WarehouseStore(creating: folder.file("whole.sqlite"))
        let half = try WarehouseStore(creating: folder.file("half.sqlite"))
        let log = RandomLog(number: 0, seed: 72, lines: 400)
        func load(_ store: WarehouseStore, _ seqs: Range<Int>) throws {
            let loader = try store.loader()
            try loader.begin()
            _ = try loader.open(log.key)
            for seq in seqs {
                try log.lines[seq].bytes.withUnsafeBytes { bytes in
                    try loader.load(bytes, seq: UInt64(seq), at: LinePlace(segment: "s", member: 0))
                }
            }
            try loader.finish(leaf: "leaf")
            try loader.commit()
        }
        try load(whole, 0..<200)
        try load(whole, 200..<400)
        try load(half, 0..<200)
        let path = folder.file("old.sqlite")
        try Self.makeVersion1(path, from: half)
        let migrated = try WarehouseStore(creating: path)
        #expect(throws: WarehouseError.self) { try load(migrated, 0..<1) }
        try load(migrated, 200..<400)
        #expect(try Self.rows(migrated) == Self.rows(whole))
    }

    /// The steps run in one transaction: a copy of database and write-ahead log taken in the middle of it is what a kill
    /// leaves.
    @Test func aKillHalfWayLeavesTheOldVersion() throws {
        let fixture = try Fixture(seed: 73, lines: 200)
        let path = fixture.folder.file("old.sqlite")
        try Self.makeVersion1(path, from: fixture.store)
        let connection = try SQLiteConnection(writing: path)
        let step = try #require(SchemaVersion.steps[1])
        // Small enough a cache that pages are written to the log before the commit.
        try connection.execute("PRAGMA cache_size = 2; BEGIN IMMEDIATE")
        try connection.execute(step)
        #expect(try connection.number("PRAGMA user_version") == 2)
        let copy = fixture.folder.file("killed.sqlite")
        for suffix in ["", "-wal"] { try FileManager.default.copyItem(atPath: path + suffix, toPath: copy + suffix) }
        try connection.execute("ROLLBACK")
        for killed in [copy, path] {
            let error = #expect(throws: WarehouseError.self) { try WarehouseStore(reading: killed) }
            #expect(error?.code == .olderSchema)
            let store = try WarehouseStore(creating: killed)
            #expect(try Self.rows(store) == Self.rows(fixture.store))
        }
    }

    @Test func whatOnlyReadsSaysHowAnOldOneIsLedForward() throws {
        let fixture = try Fixture(seed: 74, lines: 100)
        let path = fixture.folder.file("old.sqlite")
        try Self.makeVersion1(path, from: fixture.store)
        let error = #expect(throws: WarehouseError.self) { try WarehouseStore(reading: path) }
        #expect(error?.code == .olderSchema)
        #expect(error?.message.contains("schema 1, this one reads 2") == true)
        #expect(error?.hint == "tollgate ingest --db \(path)")
        #expect(error?.exitCode == 2)
        #expect(try SQLiteConnection(writing: path).number("PRAGMA user_version") == 1)
        // Another database's number is no version of ours.
        try SQLiteConnection(writing: path).execute("PRAGMA application_id = 7")
        for open in [{ try WarehouseStore(creating: path) }, { try WarehouseStore(reading: path) }] {
            #expect(#expect(throws: WarehouseError.self) { _ = try open() }?.code == .notAWarehouse)
        }
    }

    @Test func everyReleasedVersionHasItsFileAndItsStep() throws {
        for version in 1..<WarehouseSchema.version {
            #expect(SchemaVersion.steps[version] != nil, "\(version)")
            #expect(try Self.schema(version).contains("PRAGMA user_version = \(version);"))
        }
        // The released file is frozen: databases out there were made from these very bytes.
        #expect(try Self.schema(1).utf8.count == 16_772)
    }
}
