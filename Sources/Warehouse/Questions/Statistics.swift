public import Events
import GRDB

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What a warehouse consists of: where its bytes are, what it holds and since when.
public struct WarehouseStatistics: Sendable, Hashable {
    /// One table, its indexes included.
    public struct Table: Sendable, Hashable {
        /// Its name.
        public var name: String
        /// Its rows.
        public var rows: Int
        /// Bytes of its pages and its indexes' pages; nil where SQLite was built without `dbstat`.
        public var bytes: Int?
        /// The time of its oldest row, where rows have one.
        public var oldest: Timestamp?
        /// The time of its newest row.
        public var newest: Timestamp?
    }

    /// A dictionary, which stops at a number of names.
    public struct Dictionary: Sendable, Hashable {
        /// Its name.
        public var name: String
        /// Names that it has.
        public var names: Int
        /// Names after which later ones are `(other)`.
        public var capacity: Int
    }

    /// The tables, the biggest first.
    public var tables: [Table] = []
    /// The dictionaries.
    public var dictionaries: [Dictionary] = []
    /// Bytes of the database's file.
    public var fileBytes = 0
    /// Bytes of its write-ahead log.
    public var logBytes = 0
    /// Bytes of a page.
    public var pageBytes = 0
    /// Pages that hold nothing and wait to be used or given back.
    public var freePages = 0
    /// The schema's version.
    public var schema = 0
    /// What each log has given.
    public var coverage = Coverage()

    /// Bytes that the rows of a call take, its share of the indexes included; nil where that is not known.
    public var bytesPerCall: Double? {
        guard let calls = tables.first(where: { $0.name == "call" }), let bytes = calls.bytes, calls.rows > 0 else {
            return nil
        }
        return Double(bytes) / Double(calls.rows)
    }
}

extension WarehouseStore {
    /// What the warehouse consists of; reads every page, so that it takes as long as reading the file.
    ///
    /// - Parameter progress: is told how many tables have been looked at, and of how many.
    /// - Throws: `WarehouseError`.
    public func statistics(
        _ progress: (_ done: Int, _ of: Int) -> Void = { _, _ in }
    ) throws(WarehouseError) -> WarehouseStatistics {
        var statistics = try ask { db in
            var statistics = WarehouseStatistics()
            statistics.pageBytes = try Int.fetchOne(db, sql: "PRAGMA page_size") ?? 0
            statistics.freePages = try Int.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0
            statistics.schema = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
            let names = try String.fetchAll(
                db,
                sql: "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
            for (index, name) in names.enumerated() {
                statistics.tables.append(try WarehouseStatistics.table(name, db))
                progress(index + 1, names.count)
            }
            for name in ["actor", "tool", "verdict", "client", "session"] {
                let last = try Int.fetchOne(db, sql: "SELECT coalesce(max(id), 0) FROM \(name)") ?? 0
                statistics.dictionaries.append(
                    WarehouseStatistics.Dictionary(name: name, names: last, capacity: Int(Dimension.capacity)))
            }
            return statistics
        }
        statistics.tables.sort { ($1.bytes ?? $1.rows, $0.name) < ($0.bytes ?? $0.rows, $1.name) }
        statistics.fileBytes = WarehouseStatistics.bytes(path)
        statistics.logBytes = WarehouseStatistics.bytes(path + "-wal")
        statistics.coverage = try coverage()
        return statistics
    }
}

extension WarehouseStatistics {
    /// The column that holds a row's time, and how many of its units are a second.
    private static let times: [String: (column: String, perSecond: Int64)] = [
        "call": ("ts_us", 1_000_000), "request": ("ts_us", 1_000_000), "late": ("ts_us", 1_000_000),
        "control_event": ("ts_us", 1_000_000), "alert_transition": ("ts_us", 1_000_000),
        "alert": ("updated_us", 1_000_000), "first_use": ("ts_us", 1_000_000), "rollup_hour": ("hour", 1),
        "request_hour": ("hour", 1), "hour": ("hour", 1), "rollup_day": ("day", 1), "peak_minute": ("day", 1),
        "latency": ("day", 1), "minute": ("minute", 1), "minute_day": ("day", 1),
    ]

    fileprivate static func table(_ name: String, _ db: Database) throws -> Table {
        var table = Table(name: name, rows: 0)
        if let time = times[name] {
            let row = try Row.fetchOne(
                db, sql: "SELECT count(*), min(\(time.column)), max(\(time.column)) FROM \(name)")
            table.rows = row?.count(0) ?? 0
            let moment = { (value: Int64) in Timestamp(microseconds: value * (1_000_000 / time.perSecond)) }
            table.oldest = row?.optionalInteger(1).map(moment)
            table.newest = row?.optionalInteger(2).map(moment)
        } else {
            table.rows = try Int.fetchOne(db, sql: "SELECT count(*) FROM \(name)") ?? 0
        }
        table.bytes = try bytes(of: name, db)
        return table
    }

    /// Pages of a table and its indexes; `dbstat` is an option of SQLite's build, which Debian's has.
    private static func bytes(of table: String, _ db: Database) throws -> Int? {
        let has = try Int.fetchOne(db, sql: "SELECT count(*) FROM pragma_module_list WHERE name = 'dbstat'") ?? 0
        guard has > 0 else { return nil }
        return try Int.fetchOne(
            db,
            sql: """
                SELECT coalesce(sum(pgsize), 0) FROM sqlite_schema AS s JOIN dbstat AS d ON d.name = s.name
                WHERE s.tbl_name = ? AND d.aggregate = TRUE
                """,
            arguments: [table])
    }

    fileprivate static func bytes(_ path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : 0
    }
}
