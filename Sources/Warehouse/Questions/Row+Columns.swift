import GRDB
import GRDBSQLite

extension Row {
    /// A column as a number, 0 where it is anything else: GRDB's own subscripts stop the process on a wrong type, and
    /// the file on disk may hold anything.
    func integer(_ column: Int) -> Int64 {
        optionalInteger(column) ?? 0
    }

    /// A column as a number, nil where it is anything else.
    func optionalInteger(_ column: Int) -> Int64? {
        let value: DatabaseValue = self[column]
        if case .int64(let number) = value.storage { return number }
        return nil
    }

    /// A column as a count.
    func count(_ column: Int) -> Int {
        Int(integer(column))
    }

    /// A column as a text, empty where it is anything else.
    func text(_ column: Int) -> String {
        optionalText(column) ?? ""
    }

    /// A column as a text, nil where it is anything else.
    func optionalText(_ column: Int) -> String? {
        let value: DatabaseValue = self[column]
        if case .string(let text) = value.storage { return text }
        return nil
    }

    /// A column as a text, nil where it is empty or anything else.
    func name(_ column: Int) -> String? {
        let text = optionalText(column)
        return text?.isEmpty == true ? nil : text
    }
}

extension Database {
    /// Runs a query and gives each row to `body`.
    func forEachRow(_ sql: String, _ arguments: StatementArguments = [], _ body: (Row) throws -> Void) throws {
        let rows = try Row.fetchCursor(self, sql: sql, arguments: arguments)
        while let row = try rows.next() { try body(row) }
    }

    /// Runs a query whose columns are numbers and gives each row's to `body`, which may not keep them; what is no number
    /// comes as 0.
    ///
    /// SQLite's own calls: a row of GRDB's costs more than reading it.
    func forEachNumbers(_ sql: String, _ body: (UnsafeBufferPointer<Int64>) throws -> Void) throws {
        let statement = try makeStatement(sql: sql)
        let pointer = statement.sqliteStatement
        let columns = Int(sqlite3_column_count(pointer))
        try withUnsafeTemporaryAllocation(of: Int64.self, capacity: columns) { values in
            values.initialize(repeating: 0)
            defer { sqlite3_reset(pointer) }
            while true {
                switch sqlite3_step(pointer) {
                case SQLITE_ROW:
                    for column in 0..<columns { values[column] = sqlite3_column_int64(pointer, Int32(column)) }
                    try body(UnsafeBufferPointer(values))
                case SQLITE_DONE: return
                case let code:
                    throw DatabaseError(
                        resultCode: ResultCode(rawValue: code),
                        message: String(cString: sqlite3_errmsg(sqliteConnection)))
                }
            }
        }
    }
}
