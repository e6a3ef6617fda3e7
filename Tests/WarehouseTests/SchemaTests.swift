import Events
import Foundation
import GRDB
import Testing

@testable import Warehouse

@Suite struct SchemaTests {
    /// `schemas/warehouse.v2.sql`, found from this file: `Tests/WarehouseTests/SchemaTests.swift`.
    private static func schemaFile(_ file: String = #filePath) throws -> String {
        let real = URL(fileURLWithPath: file).resolvingSymlinksInPath()
        let root = real.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        return try String(contentsOf: root.appendingPathComponent("schemas/warehouse.v2.sql"), encoding: .utf8)
    }

    @Test func codeAndFileAreEqualByteForByte() throws {
        #expect(try Array(Self.schemaFile().utf8) == Array(WarehouseSchema.sql.utf8))
    }

    @Test func aNewWarehouseHasTheSchemaItsVersionAndItsOwnersPermissions() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("w.sqlite")
        let store = try WarehouseStore(creating: path)
        #expect(try store.number("PRAGMA user_version") == WarehouseSchema.version)
        #expect(try store.number("PRAGMA application_id") == WarehouseSchema.applicationID)
        #expect(try store.texts("PRAGMA journal_mode") == ["wal"])
        #expect(try store.number("PRAGMA auto_vacuum") == 2)
        let loader = try store.loader()
        try loader.load(records: [], of: LogKey(origin: "o", epoch: 1, name: "n", kind: "gateway"))
        for suffix in ["", "-wal", "-shm"] {
            let permissions = try FileManager.default.attributesOfItem(atPath: path + suffix)[.posixPermissions] as? Int
            #expect(permissions == 0o600, "\(suffix)")
        }
    }

    @Test func everyViewAnswersForPeople() throws {
        let fixture = try Fixture(seed: 41)
        let store = fixture.store
        for view in ["decisions", "calls", "agents", "tools", "rules", "alerts", "coverage"] {
            #expect(try store.number("SELECT count(*) FROM \(view)") ?? 0 > 0, "\(view)")
        }
        let time = fixture.model.calls.first.map { Timestamp(microseconds: $0.timestamp).description }
        #expect(try store.texts("SELECT min(time) FROM calls").first == time)
        for view in ["agents", "tools", "rules"] {
            #expect(try store.number("SELECT sum(calls) FROM \(view)") == fixture.model.calls.count, "\(view)")
        }
        let all = fixture.model.calls.count + fixture.model.requests.count
        #expect(try store.number("SELECT count(*) FROM decisions") == all)
        let digests = Set(try store.texts("SELECT arg_digest FROM calls WHERE arg_digest IS NOT NULL"))
        #expect(digests == Set(fixture.model.calls.compactMap { $0.decision.argumentDigest?.description }))
    }

    @Test func readingWhereThereIsNoneSaysSo() throws {
        let folder = try TemporaryFolder()
        let error = #expect(throws: WarehouseError.self) { try WarehouseStore(reading: folder.file("none.sqlite")) }
        #expect(error?.code == .notFound)
        #expect(error?.hint == "tollgate ingest --db \(folder.file("none.sqlite"))")
        #expect(!FileManager.default.fileExists(atPath: folder.file("none.sqlite")))
    }

    @Test func aNewerSchemaIsRefusedByReadersAndWriters() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("w.sqlite")
        _ = try WarehouseStore(creating: path)
        try DatabaseQueue(path: path).write { db in try db.execute(sql: "PRAGMA user_version = 7") }
        for open in [
            { try WarehouseStore(creating: path) }, { try WarehouseStore(reading: path) },
        ] {
            let error = #expect(throws: WarehouseError.self) { _ = try open() }
            #expect(error?.code == .newerSchema)
            #expect(error?.message.contains("schema 7, this one knows 2") == true)
            #expect(error?.exitCode == 2)
        }
    }

    @Test func anotherDatabaseIsLeftAsItIs() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("other.sqlite")
        try DatabaseQueue(path: path).write { db in try db.execute(sql: "CREATE TABLE diary (line TEXT)") }
        let before = try Data(contentsOf: URL(fileURLWithPath: path))
        for open in [
            { try WarehouseStore(creating: path) }, { try WarehouseStore(reading: path) },
        ] {
            let error = #expect(throws: WarehouseError.self) { _ = try open() }
            #expect(error?.code == .notAWarehouse)
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    }

    @Test func openingTwiceAtOnceMakesOneSchema() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("w.sqlite")
        let first = try SQLiteConnection(writing: path)
        let second = try SQLiteConnection(writing: path)
        try SchemaVersion.migrate(first)
        try SchemaVersion.migrate(second)
        try SchemaVersion.migrate(first)
        #expect(try second.number("SELECT count(*) FROM outcome") == 12)
    }
}
