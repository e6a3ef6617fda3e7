import GRDBSQLite

/// A prepared statement; parameters are numbered from 1, columns from 0, as in SQLite.
final class SQLiteStatement {
    private let connection: SQLiteConnection
    private let pointer: OpaquePointer

    /// SQLite copies what is bound; the C macro is a cast that Swift does not import.
    private static let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    init(_ pointer: OpaquePointer, of connection: SQLiteConnection) {
        self.pointer = pointer
        self.connection = connection
    }

    deinit {
        sqlite3_finalize(pointer)
    }

    /// The database's file.
    var path: String { connection.path }

    @inline(__always)
    func bind(_ index: Int32, _ value: Int64) {
        sqlite3_bind_int64(pointer, index, value)
    }

    @inline(__always)
    func bind(_ index: Int32, _ value: Int64?) {
        if let value {
            sqlite3_bind_int64(pointer, index, value)
        } else {
            sqlite3_bind_null(pointer, index)
        }
    }

    func bind(_ index: Int32, _ value: String?) {
        guard var value else {
            sqlite3_bind_null(pointer, index)
            return
        }
        value.withUTF8 { utf8 in
            // An empty text has no address, and a null pointer would bind NULL.
            let count = Int32(utf8.count)
            if let base = utf8.baseAddress {
                base.withMemoryRebound(to: CChar.self, capacity: utf8.count) {
                    _ = sqlite3_bind_text(pointer, index, $0, count, SQLiteStatement.transient)
                }
            } else {
                _ = sqlite3_bind_text(pointer, index, "", 0, SQLiteStatement.transient)
            }
        }
    }

    func bind(_ index: Int32, bytes: UnsafeRawBufferPointer) {
        if let base = bytes.baseAddress, !bytes.isEmpty {
            sqlite3_bind_blob(pointer, index, base, Int32(bytes.count), SQLiteStatement.transient)
        } else {
            sqlite3_bind_zeroblob(pointer, index, 0)
        }
    }

    /// Goes to the next row; false when there is none, and the statement is then ready for its next run.
    func step() throws(WarehouseError) -> Bool {
        switch sqlite3_step(pointer) {
        case SQLITE_ROW: return true
        case SQLITE_DONE:
            sqlite3_reset(pointer)
            return false
        case let code:
            let error = connection.error(code)
            sqlite3_reset(pointer)
            throw error
        }
    }

    /// Runs a statement that gives no rows.
    @inline(__always)
    func run() throws(WarehouseError) {
        let code = sqlite3_step(pointer)
        guard code == SQLITE_DONE || code == SQLITE_ROW else {
            let error = connection.error(code)
            sqlite3_reset(pointer)
            throw error
        }
        sqlite3_reset(pointer)
    }

    /// Makes a statement that stopped at a row ready for its next run.
    func reset() {
        sqlite3_reset(pointer)
    }

    func integer(_ column: Int32) -> Int64 {
        sqlite3_column_int64(pointer, column)
    }

    func optionalInteger(_ column: Int32) -> Int64? {
        sqlite3_column_type(pointer, column) == SQLITE_NULL ? nil : sqlite3_column_int64(pointer, column)
    }

    /// A column's text as its bytes, a number's as decimal digits; empty where it is NULL.
    func withText(_ column: Int32, _ body: (UnsafeRawBufferPointer) -> Void) {
        let text = sqlite3_column_text(pointer, column)
        body(UnsafeRawBufferPointer(start: text, count: text == nil ? 0 : Int(sqlite3_column_bytes(pointer, column))))
    }

    func text(_ column: Int32) -> String? {
        guard let bytes = sqlite3_column_text(pointer, column) else { return nil }
        return String(cString: bytes)
    }
}
