import GRDB

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A warehouse: the SQLite database that the logs are loaded into, and the questions that people ask of it.
///
/// Safe to use from any thread. Each question reads one snapshot, so its parts always agree, and a loader that writes
/// meanwhile neither waits nor is waited for (WAL).
///
/// ```swift
/// let store = try WarehouseStore(reading: home.warehousePath)
/// for rate in try store.rates(in: week) { print(rate.agent ?? "(unresolved)", rate.counts.calls) }
/// ```
public final class WarehouseStore: Sendable {
    /// The database's file.
    public let path: String
    let pool: DatabasePool
    let names: NameCache

    /// Opens a warehouse for questions and for a loader; creates or migrates it where that is needed.
    ///
    /// - Throws: `WarehouseError.notAWarehouse`, `.newerSchema`, `.corrupt`, `.busy`, `.disk`.
    public convenience init(creating path: String) throws(WarehouseError) {
        try SchemaVersion.migrate(SQLiteConnection(writing: path))
        try self.init(opening: path)
    }

    /// Opens an existing warehouse for questions only.
    ///
    /// - Throws: `WarehouseError.notFound`, `.notAWarehouse`, `.newerSchema`, `.olderSchema`, `.corrupt`, `.busy`, `.disk`.
    public convenience init(reading path: String) throws(WarehouseError) {
        try self.init(opening: path)
    }

    /// The same database, with sums of it in memory.
    init(_ store: WarehouseStore, holding held: HeldCells) {
        path = store.path
        pool = store.pool
        names = NameCache(holding: held)
    }

    private init(opening path: String) throws(WarehouseError) {
        self.path = path
        names = NameCache()
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(10)
        configuration.maximumReaderCount = 4
        configuration.label = "tollgate.warehouse"
        configuration.prepareDatabase { try $0.prepareForNumbers() }
        do {
            pool = try DatabasePool(path: path, configuration: configuration)
        } catch {
            throw WarehouseStore.failure(error, path: path)
        }
        let found = try ask { db in
            SchemaVersion.found(
                applicationID: try Int.fetchOne(db, sql: "PRAGMA application_id") ?? 0,
                version: try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0,
                tables: try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") ?? 0)
        }
        switch found {
        case .warehouse(WarehouseSchema.version): break
        case .warehouse(let version) where version > WarehouseSchema.version: throw .newerSchema(version, path)
        // A question changes nothing, so it does not migrate either: the file may be a copy, or on a disk for reading.
        case .warehouse(let version): throw .olderSchema(version, path)
        case .empty: throw .notFound(path)
        case .other: throw .notAWarehouse(path)
        }
    }

    /// A loader that writes into this warehouse through a connection of its own.
    ///
    /// - Throws: `WarehouseError`.
    package func loader() throws(WarehouseError) -> WarehouseLoader {
        try WarehouseLoader(path: path)
    }

    /// Asks a question of one snapshot.
    func ask<Answer>(_ question: (Database) throws -> Answer) throws(WarehouseError) -> Answer {
        do {
            return try pool.read(question)
        } catch {
            throw WarehouseStore.failure(error, path: path)
        }
    }

    private static func failure(_ error: any Error, path: String) -> WarehouseError {
        switch error {
        case let error as WarehouseError: error
        case let error as DatabaseError where error.resultCode == .SQLITE_CANTOPEN && !exists(path): .notFound(path)
        case let error as DatabaseError:
            WarehouseError(sqlite: error.resultCode.rawValue, error.message ?? "no message", path: path)
        default: WarehouseError(.sql, "\(error)", path: path)
        }
    }

    private static func exists(_ path: String) -> Bool {
        access(path, F_OK) == 0
    }
}
