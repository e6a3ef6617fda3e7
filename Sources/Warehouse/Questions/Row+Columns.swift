import GRDB

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
}
