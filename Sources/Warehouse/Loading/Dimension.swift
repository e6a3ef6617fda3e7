import Events

/// One dictionary of the star: texts and numbers to a row's id, kept in memory and in the database.
struct Dimension {
    /// A column's value.
    enum Value {
        case text(String)
        case number(Int64)
    }

    /// Rows after which new names become `(other)`: what callers invent must not grow the roll-ups.
    static let capacity: Int64 = 100_000

    private let name: String
    private let capacity: Int64
    private let find: SQLiteStatement
    private let insert: SQLiteStatement
    private let last: SQLiteStatement
    private let overflow: SQLiteStatement
    private let hasBase: Bool
    private var known = ByteTable()
    /// By id; 0 where not known.
    private var bases: [Int64] = []

    /// Prepares a dictionary.
    ///
    /// - Parameters:
    ///   - columns: the unique key's columns.
    ///   - base: a column that names the first row with the same first `baseKey` columns.
    init(
        _ connection: SQLiteConnection, _ name: String, _ columns: [String], base: String? = nil, baseKey: Int = 0,
        capacity: Int64 = Dimension.capacity
    ) throws(WarehouseError) {
        self.name = name
        self.capacity = capacity
        hasBase = base != nil
        let match = columns.enumerated().map { "\($1) = ?\($0 + 1)" }
        find = try connection.prepare(
            "SELECT id, \(base ?? "id") FROM \(name) WHERE \(match.joined(separator: " AND "))")
        var names = columns
        var values = (1...columns.count).map { "?\($0)" }
        if let base {
            let same = match.prefix(baseKey).joined(separator: " AND ")
            names.append(base)
            values.append(
                """
                coalesce((SELECT min(id) FROM \(name) WHERE \(same)), (SELECT coalesce(max(id), 0) + 1 FROM \(name)))
                """)
        }
        insert = try connection.prepare(
            "INSERT INTO \(name) (\(names.joined(separator: ", "))) VALUES (\(values.joined(separator: ", ")))")
        last = try connection.prepare("SELECT coalesce(max(id), 0) FROM \(name)")
        overflow = try connection.prepare(
            "INSERT OR IGNORE INTO meta (key, value) VALUES ('overflow.\(name)', 1)")
    }

    /// The row's id if it is in memory.
    @inline(__always)
    func known(_ key: NameKey) -> Int64? {
        key.withBytes { bytes in known.value(of: bytes) }
    }

    /// The row's id; a new row where there is none, `other` where the dictionary is full.
    mutating func id(
        _ key: NameKey, _ columns: @autoclosure () -> [Value], other: @autoclosure () -> [Value]
    ) throws(WarehouseError) -> Int64 {
        if let id = known(key) { return id }
        let columns = columns()
        if let id = try stored(columns) {
            key.withBytes { bytes in known.insert(bytes, id) }
            return id
        }
        guard try isFull() else {
            let id = try added(columns)
            key.withBytes { bytes in known.insert(bytes, id) }
            return id
        }
        // Not remembered: memory would grow with the names that callers invent.
        try overflow.run()
        let other = other()
        if let id = try stored(other) { return id }
        return try added(other)
    }

    /// The first row that shares this row's base key.
    @inline(__always)
    func base(of id: Int64) -> Int64 {
        hasBase ? bases[Int(id)] : id
    }

    /// Forgets what it knew: after a rollback its rows may be gone.
    mutating func forget() {
        known.removeAll()
        bases.removeAll()
    }

    private func isFull() throws(WarehouseError) -> Bool {
        let id = try last.step() ? last.integer(0) : 0
        last.reset()
        return id >= capacity
    }

    private mutating func stored(_ columns: [Value]) throws(WarehouseError) -> Int64? {
        bind(columns, to: find)
        guard try find.step() else { return nil }
        let id = find.integer(0)
        if hasBase { remember(base: find.integer(1), of: id) }
        find.reset()
        return id
    }

    private mutating func remember(base: Int64, of id: Int64) {
        while bases.count <= id { bases.append(0) }
        bases[Int(id)] = base
    }

    private mutating func added(_ columns: [Value]) throws(WarehouseError) -> Int64 {
        bind(columns, to: insert)
        try insert.run()
        guard let id = try stored(columns) else {
            throw WarehouseError(.sql, "a row of \(name) vanished", path: insert.path)
        }
        return id
    }

    private func bind(_ columns: [Value], to statement: SQLiteStatement) {
        for (index, column) in columns.enumerated() {
            switch column {
            case .text(let text): statement.bind(Int32(index + 1), text)
            case .number(let number): statement.bind(Int32(index + 1), number)
            }
        }
    }
}
