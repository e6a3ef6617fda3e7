import Events

/// One dictionary of the star: texts and numbers to a row's id, whole in memory, so that no name is looked up twice.
///
/// A transaction's first look-up comes after `refresh`, which reads what other loaders have added since.
struct Dimension {
    /// A column's value.
    enum Value {
        case text(String)
        case number(Int64)
    }

    /// Rows after which new names become `(other)`: what callers invent must not grow the roll-ups.
    static let capacity: Int64 = 100_000

    private let capacity: Int64
    private let columns: Int32
    /// Columns at the front whose first row is a row's base; 0 where rows have none.
    private let baseKey: Int32
    private let read: SQLiteStatement
    private let insert: SQLiteStatement
    private let overflow: SQLiteStatement
    private var known = ByteTable()
    /// The first row by the columns of the base.
    private var firsts = ByteTable()
    /// By id; 0 where there is no row.
    private var bases: [Int64] = []
    private var last: Int64 = 0
    private var isOverflowNoted = false

    /// Prepares a dictionary.
    ///
    /// - Parameters:
    ///   - columns: the unique key's columns.
    ///   - base: a column that names the first row with the same first `baseKey` columns.
    init(
        _ connection: SQLiteConnection, _ name: String, _ columns: [String], base: String? = nil, baseKey: Int32 = 0,
        capacity: Int64 = Dimension.capacity
    ) throws(WarehouseError) {
        self.capacity = capacity
        self.columns = Int32(columns.count)
        self.baseKey = baseKey
        let names = ["id"] + columns + (base.map { [$0] } ?? [])
        read = try connection.prepare(
            "SELECT \(names.joined(separator: ", ")) FROM \(name) WHERE id > ? ORDER BY id")
        let values = names.map { _ in "?" }.joined(separator: ", ")
        insert = try connection.prepare("INSERT INTO \(name) (\(names.joined(separator: ", "))) VALUES (\(values))")
        overflow = try connection.prepare(
            "INSERT OR IGNORE INTO meta (key, value) VALUES ('overflow.\(name)', 1)")
    }

    /// Reads the rows that are not in memory yet.
    mutating func refresh() throws(WarehouseError) {
        var key = NameKey()
        read.bind(1, last)
        while try read.step() {
            key.clear()
            var prefix = 0
            for column in 1...columns {
                read.withText(column) { key.add($0) }
                if column == baseKey { prefix = key.count }
            }
            remember(read.integer(0), key, prefix: prefix, base: baseKey > 0 ? read.integer(columns + 1) : nil)
        }
    }

    /// The row's id if there is one.
    @inline(__always)
    func known(_ key: NameKey) -> Int64? {
        key.withBytes { bytes in known.value(of: bytes) }
    }

    /// The row's id; a new row where there is none, `other` where the dictionary is full.
    mutating func id(_ columns: [Value], other: @autoclosure () -> [Value]) throws(WarehouseError) -> Int64 {
        let key = NameKey(columns)
        if let id = known(key) { return id }
        guard last >= capacity else { return try added(columns, key) }
        if !isOverflowNoted {
            try overflow.run()
            isOverflowNoted = true
        }
        let other = other()
        let otherKey = NameKey(other)
        if let id = known(otherKey) { return id }
        return try added(other, otherKey)
    }

    /// The first row that shares this row's base key.
    @inline(__always)
    func base(of id: Int64) -> Int64 {
        baseKey > 0 ? bases[Int(id)] : id
    }

    /// Forgets what it knew: after a rollback its rows may be gone.
    mutating func forget() {
        known.removeAll()
        firsts.removeAll()
        bases.removeAll()
        last = 0
        isOverflowNoted = false
    }

    private mutating func added(_ columns: [Value], _ key: NameKey) throws(WarehouseError) -> Int64 {
        let id = last + 1
        insert.bind(1, id)
        for (index, column) in columns.enumerated() {
            switch column {
            case .text(let text): insert.bind(Int32(index + 2), text)
            case .number(let number): insert.bind(Int32(index + 2), number)
            }
        }
        var prefix = 0
        if baseKey > 0 {
            let baseColumns = NameKey(Array(columns.prefix(Int(baseKey))))
            prefix = baseColumns.count
            insert.bind(Int32(columns.count + 2), baseColumns.withBytes { firsts.value(of: $0) } ?? id)
        }
        try insert.run()
        remember(id, key, prefix: prefix, base: nil)
        return id
    }

    /// - Parameters:
    ///   - prefix: how many bytes of the key are its base's.
    ///   - base: the base's id where the row says it.
    private mutating func remember(_ id: Int64, _ key: NameKey, prefix: Int, base: Int64?) {
        last = id
        key.withBytes { bytes in
            known.insert(bytes, id)
            guard baseKey > 0 else { return }
            let first = UnsafeRawBufferPointer(rebasing: bytes[..<prefix])
            let found = base ?? firsts.value(of: first) ?? id
            if firsts.value(of: first) == nil { firsts.insert(first, found) }
            while bases.count <= id { bases.append(0) }
            bases[Int(id)] = found
        }
    }
}
