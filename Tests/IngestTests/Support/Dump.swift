import GRDB

/// Every row of every table, to compare two warehouses.
enum Dump {
    /// Left out: which days `minute` holds depends on how the transactions fell; `meta` counts rebuilds.
    private static let passing = ["minute", "minute_day", "meta"]

    static func rows(_ path: String) throws -> [String: [String]] {
        try DatabaseQueue(path: path).read { db in
            let tables = try String.fetchAll(
                db, sql: "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
            var rows: [String: [String]] = [:]
            for table in tables where !passing.contains(table) {
                rows[table] = try Row.fetchAll(db, sql: "SELECT * FROM \"\(table)\" ORDER BY 1, 2").map(\.description)
                    .sorted()
            }
            return rows
        }
    }

    /// A query's rows, one line each.
    static func rows(_ path: String, _ sql: String) throws -> [String] {
        try DatabaseQueue(path: path).read { db in try Row.fetchAll(db, sql: sql).map(\.description) }
    }
}
