import GRDB
import GRDBSQLite
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Gives rows to Swift from within SQLite's own loop: an aggregate function whose step is the visitor.
///
/// `sqlite3_step` and a `sqlite3_column_int64` per number cost more than most rows do (docs/PERFORMANCE.md).
private struct RowVisit {
    /// Its name in SQL; the first argument is the visitor, the others are a row's numbers.
    static let function = "tollgate_visit"

    /// What the pointer is called, so that SQLite gives it to nobody else; it must stay where it is.
    nonisolated(unsafe) static let pointerType = strdup("tollgate.visitor")

    let body: (UnsafeBufferPointer<Int64>) throws -> Void
    let values: UnsafeMutableBufferPointer<Int64>
    var error: (any Error)?

    static func step(
        _ context: OpaquePointer?, _ count: Int32, _ arguments: UnsafeMutablePointer<OpaquePointer?>?
    ) {
        guard let arguments, count > 0, let pointer = sqlite3_value_pointer(arguments[0], pointerType) else {
            sqlite3_result_error_code(context, SQLITE_MISUSE)
            return
        }
        let visit = pointer.assumingMemoryBound(to: RowVisit.self)
        let values = visit.pointee.values
        for index in 0..<min(Int(count) - 1, values.count) {
            values[index] = sqlite3_value_int64(arguments[index + 1])
        }
        do {
            try visit.pointee.body(UnsafeBufferPointer(values))
        } catch {
            visit.pointee.error = error
            sqlite3_result_error_code(context, SQLITE_ABORT)
        }
    }
}

extension Database {
    /// Makes `forEachNumbers` possible on a connection.
    ///
    /// - Throws: `DatabaseError`.
    func prepareForNumbers() throws {
        let code = sqlite3_create_function_v2(
            sqliteConnection, RowVisit.function, -1, SQLITE_UTF8 | SQLITE_DIRECTONLY, nil, nil,
            { RowVisit.step($0, $1, $2) }, { _ in }, nil)
        guard code == SQLITE_OK else { throw numbersError(code) }
    }

    /// Runs a query whose columns are numbers and gives each row's to `body`, which may not keep them; what is no number
    /// comes as 0.
    func forEachNumbers(_ sql: String, _ body: (UnsafeBufferPointer<Int64>) throws -> Void) throws {
        let columns = (0..<Int(sqlite3_column_count(try makeStatement(sql: sql).sqliteStatement))).map { "c\($0)" }
        let list = columns.joined(separator: ", ")
        let statement = try makeStatement(
            sql: "WITH visited(\(list)) AS (\(sql)) SELECT \(RowVisit.function)(?, \(list)) FROM visited")
        try withoutActuallyEscaping(body) { body in
            try withUnsafeTemporaryAllocation(of: Int64.self, capacity: columns.count) { values in
                values.initialize(repeating: 0)
                var visit = RowVisit(body: body, values: values)
                let pointer = statement.sqliteStatement
                let code = withUnsafeMutablePointer(to: &visit) { visit in
                    sqlite3_bind_pointer(pointer, 1, visit, RowVisit.pointerType, nil)
                    defer {
                        sqlite3_reset(pointer)
                        sqlite3_clear_bindings(pointer)
                    }
                    return sqlite3_step(pointer)
                }
                if let error = visit.error { throw error }
                guard code == SQLITE_ROW else { throw numbersError(code) }
            }
        }
    }

    private func numbersError(_ code: Int32) -> DatabaseError {
        DatabaseError(
            resultCode: ResultCode(rawValue: code), message: String(cString: sqlite3_errmsg(sqliteConnection)))
    }
}
