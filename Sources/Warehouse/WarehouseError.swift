/// What went wrong with the warehouse: what, where, and what to do about it.
public struct WarehouseError: Error, Sendable, CustomStringConvertible {
    /// The kinds of trouble.
    public enum Code: String, Sendable {
        /// There is no such database.
        case notFound
        /// The file is some other database, or none.
        case notAWarehouse
        /// A newer tollgate made it.
        case newerSchema
        /// An older tollgate made it, and what only reads does not lead it forward.
        case olderSchema
        /// Its pages are damaged.
        case corrupt
        /// Another process kept it locked for too long.
        case busy
        /// The file system refused.
        case disk
        /// The log is not the one that was loaded: it was rolled back or rewritten.
        case rolledBack
        /// A record does not follow the last one loaded.
        case sequence
        /// SQLite refused a statement.
        case sql
    }

    /// The kind of trouble.
    public var code: Code
    /// What happened, in one sentence.
    public var message: String
    /// The database's file.
    public var path: String
    /// A command that helps.
    public var hint: String?

    /// Makes an error.
    public init(_ code: Code, _ message: String, path: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.path = path
        self.hint = hint
    }

    /// The process's exit status for this error.
    public var exitCode: Int32 {
        switch code {
        case .notFound, .notAWarehouse, .newerSchema, .olderSchema: 2
        case .corrupt, .sql: 3
        case .rolledBack, .sequence: 4
        case .disk: 6
        case .busy: 7
        }
    }

    /// Message and path.
    public var description: String {
        message.contains(path) ? message : "\(message): \(path)"
    }
}

extension WarehouseError {
    /// An error of SQLite by its result code, https://www.sqlite.org/rescode.html.
    init(sqlite code: Int32, _ message: String, path: String) {
        switch code & 0xFF {
        case 5, 6:
            self.init(.busy, "the database stayed locked", path: path, hint: "tollgate doctor")
        case 26:
            self = .notAWarehouse(path)
        case 11:
            self.init(
                .corrupt, "the database is damaged (\(message)); the log is not", path: path,
                hint: "tollgate ingest --rebuild --db \(path)")
        case 3, 8, 10, 13, 14:
            self.init(.disk, "the database cannot be used (\(message))", path: path, hint: "df -h \(path)")
        default:
            self.init(.sql, "SQLite: \(message)", path: path, hint: "tollgate ingest --rebuild --db \(path)")
        }
    }

    static func notFound(_ path: String) -> WarehouseError {
        WarehouseError(.notFound, "no warehouse here yet", path: path, hint: "tollgate ingest --db \(path)")
    }

    static func notAWarehouse(_ path: String) -> WarehouseError {
        WarehouseError(
            .notAWarehouse, "not a tollgate warehouse; it is left as it is", path: path,
            hint: "tollgate ingest --db \(path).tollgate")
    }

    static func newerSchema(_ version: Int, _ path: String) -> WarehouseError {
        WarehouseError(
            .newerSchema,
            "a newer tollgate made this warehouse (schema \(version), this one knows \(WarehouseSchema.version))",
            path: path, hint: "tollgate ingest --rebuild --db \(path)")
    }

    static func olderSchema(_ version: Int, _ path: String) -> WarehouseError {
        WarehouseError(
            .olderSchema,
            "an older tollgate made this warehouse (schema \(version), this one reads \(WarehouseSchema.version))",
            path: path, hint: "tollgate ingest --db \(path)")
    }
}
