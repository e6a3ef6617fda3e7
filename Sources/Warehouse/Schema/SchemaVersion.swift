/// Makes, checks and migrates a database's schema.
///
/// Each released schema gets one step here that leads to the next; a database of any released version is led forward
/// when it is opened for writing. Versions are SQLite's `user_version`.
enum SchemaVersion {
    /// What a file is.
    enum Found: Equatable {
        case empty
        case warehouse(version: Int)
        case other
    }

    /// The statements that lead on from a version, by that version.
    ///
    /// From an empty file (0) to today's schema at once, from each released version to the next; each sets `user_version`.
    static let steps: [Int: String] = [0: WarehouseSchema.sql, 1: WarehouseSchema.stepFromVersion1]

    /// Tells what a database is; changes nothing.
    static func found(applicationID: Int, version: Int, tables: Int) -> Found {
        if applicationID == WarehouseSchema.applicationID { return .warehouse(version: version) }
        return applicationID == 0 && version == 0 && tables == 0 ? .empty : .other
    }

    /// Makes an empty database a warehouse or an older warehouse one of today; safe when two processes do it at once.
    static func migrate(_ connection: SQLiteConnection) throws(WarehouseError) {
        guard try needsWork(connection) else { return }
        // Before the first table, or SQLite ignores it: lets retention give space back bit by bit, without VACUUM.
        try connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        try connection.execute("PRAGMA journal_mode = WAL")
        try connection.execute("BEGIN IMMEDIATE")
        do throws(WarehouseError) {
            if try needsWork(connection) {
                var version = Int(try connection.number("PRAGMA user_version"))
                while version < WarehouseSchema.version, let step = steps[version] {
                    try connection.execute(step)
                    let reached = Int(try connection.number("PRAGMA user_version"))
                    guard reached > version else { break }
                    version = reached
                }
            }
            try connection.execute("COMMIT")
        } catch {
            if connection.isInTransaction { try? connection.execute("ROLLBACK") }
            throw error
        }
    }

    private static func needsWork(_ connection: SQLiteConnection) throws(WarehouseError) -> Bool {
        // Of one moment: half before and half after another process has made the tables, they are no warehouse's.
        let isInside = connection.isInTransaction
        if !isInside { try connection.execute("BEGIN") }
        defer { if !isInside { try? connection.execute("COMMIT") } }
        let found = found(
            applicationID: Int(try connection.number("PRAGMA application_id")),
            version: Int(try connection.number("PRAGMA user_version")),
            tables: Int(try connection.number("SELECT count(*) FROM sqlite_schema")))
        switch found {
        case .empty: return true
        case .other: throw .notAWarehouse(connection.path)
        case .warehouse(let version) where version > WarehouseSchema.version:
            throw .newerSchema(version, connection.path)
        case .warehouse(let version): return version < WarehouseSchema.version
        }
    }
}
