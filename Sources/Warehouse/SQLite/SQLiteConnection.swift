import GRDBSQLite

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A writing connection, by SQLite's own API: the loader runs millions of small statements.
///
/// For one thread at a time; questions go through GRDB instead.
final class SQLiteConnection {
    let path: String
    let handle: OpaquePointer

    /// Opens a database for writing and creates the file, readable by its owner only, where there is none.
    init(writing path: String) throws(WarehouseError) {
        self.path = path
        // SQLite gives -wal and -shm the permissions of the database's file. One that is there is not opened here: closing any of
        // a process's descriptors drops all POSIX locks that it has on the file, SQLite's among them (sqlite.org/howtocorrupt.html,
        // 2.2), and then another process takes itself for the last one and deletes the write-ahead log under this one.
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if descriptor >= 0 { close(descriptor) }
        guard descriptor >= 0 || (errno == EEXIST && access(path, R_OK | W_OK) == 0) else {
            throw WarehouseError(.disk, String(cString: strerror(errno)), path: path)
        }
        var opened: OpaquePointer?
        let code = sqlite3_open_v2(path, &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nil)
        guard code == SQLITE_OK, let opened else {
            let message = String(cString: sqlite3_errstr(code))
            sqlite3_close_v2(opened)
            throw WarehouseError(sqlite: code, message, path: path)
        }
        handle = opened
        sqlite3_busy_timeout(handle, 10_000)
    }

    deinit {
        sqlite3_close_v2(handle)
    }

    /// Runs statements that give no rows.
    func execute(_ sql: String) throws(WarehouseError) {
        let code = sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw error(code) }
    }

    /// Prepares one statement that is run many times.
    func prepare(_ sql: String) throws(WarehouseError) -> SQLiteStatement {
        var pointer: OpaquePointer?
        let code = sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &pointer, nil)
        guard code == SQLITE_OK, let pointer else { throw error(code) }
        return SQLiteStatement(pointer, of: self)
    }

    /// The first column of a statement's first row as a number, 0 where there is no row.
    func number(_ sql: String) throws(WarehouseError) -> Int64 {
        let statement = try prepare(sql)
        return try statement.step() ? statement.integer(0) : 0
    }

    /// Rows that the last statement changed.
    var changes: Int {
        Int(sqlite3_changes(handle))
    }

    /// Whether a transaction is open.
    var isInTransaction: Bool {
        sqlite3_get_autocommit(handle) == 0
    }

    func error(_ code: Int32) -> WarehouseError {
        WarehouseError(sqlite: code, String(cString: sqlite3_errmsg(handle)), path: path)
    }
}
