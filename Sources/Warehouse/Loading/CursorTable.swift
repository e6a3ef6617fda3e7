/// Reads and writes `log`, `cursor` and `reject`.
final class CursorTable {
    /// A log's line in `cursor`.
    struct Row {
        var log: Int64
        /// Nil until the log's first record is loaded or skipped to.
        var firstSeq: UInt64?
        var nextSeq: UInt64
        var leaf: String?
        var first: Int64?
        var last: Int64?
        var decisions: Int64 = 0
        var outcomes: Int64 = 0
        var controls: Int64 = 0
        var rejects: Int64 = 0
        var missing: Int64 = 0
        /// The same origin's logs of earlier epochs: an outcome may belong to a decision of theirs.
        var ancestors: [Int64] = []

        /// Lines loaded or put aside.
        var seen: Int64 { decisions + outcomes + controls + rejects }

        /// Goes on behind a record.
        mutating func loaded(_ seq: UInt64, at timestamp: Int64) {
            first = min(first ?? timestamp, timestamp)
            last = max(last ?? timestamp, timestamp)
            nextSeq = seq + 1
        }
    }

    private let find: SQLiteStatement
    private let add: SQLiteStatement
    private let rename: SQLiteStatement
    private let earlier: SQLiteStatement
    private let read: SQLiteStatement
    private let write: SQLiteStatement
    private let reject: SQLiteStatement

    init(_ connection: SQLiteConnection) throws(WarehouseError) {
        find = try connection.prepare("SELECT id, name FROM log WHERE origin = ? AND epoch = ?")
        add = try connection.prepare(
            """
            INSERT INTO log (id, origin, epoch, name, kind)
            VALUES ((SELECT coalesce(max(id) + 1, 0) FROM log), ?, ?, ?, ?)
            """)
        rename = try connection.prepare("UPDATE log SET name = ?2 WHERE id = ?1")
        earlier = try connection.prepare(
            """
            SELECT log.id, coalesce(cursor.next_seq, 0) FROM log LEFT JOIN cursor ON cursor.log = log.id
            WHERE origin = ? AND epoch < ? ORDER BY epoch DESC
            """)
        read = try connection.prepare(
            """
            SELECT first_seq, next_seq, leaf, first_us, last_us, decisions, outcomes, controls, rejects, missing
            FROM cursor WHERE log = ?
            """)
        write = try connection.prepare(
            """
            INSERT INTO cursor (log, first_seq, next_seq, leaf, first_us, last_us, decisions, outcomes, controls,
                rejects, missing)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET first_seq = excluded.first_seq, next_seq = excluded.next_seq,
                leaf = excluded.leaf, first_us = excluded.first_us, last_us = excluded.last_us,
                decisions = excluded.decisions, outcomes = excluded.outcomes, controls = excluded.controls,
                rejects = excluded.rejects, missing = excluded.missing
            """)
        reject = try connection.prepare(
            "INSERT INTO reject (id, segment, member, reason, bytes, head) VALUES (?, ?, ?, ?, ?, ?)")
    }

    /// How far a log is loaded; registers a log that is new.
    func row(of key: LogKey) throws(WarehouseError) -> Row {
        if let id = try registered(key) { return try row(log: id, key) }
        add.bind(1, key.origin)
        add.bind(2, Int64(key.epoch))
        add.bind(3, key.name)
        add.bind(4, key.kind)
        try add.run()
        return try row(log: registered(key) ?? 0, key)
    }

    /// Writes how far a log is loaded; a log of which nothing was seen has no row.
    func write(_ row: Row) throws(WarehouseError) {
        guard let firstSeq = row.firstSeq else { return }
        write.bind(1, row.log)
        write.bind(2, Int64(clamping: firstSeq))
        write.bind(3, Int64(clamping: row.nextSeq))
        write.bind(4, row.leaf)
        write.bind(5, row.first)
        write.bind(6, row.last)
        write.bind(7, row.decisions)
        write.bind(8, row.outcomes)
        write.bind(9, row.controls)
        write.bind(10, row.rejects)
        write.bind(11, row.missing)
        try write.run()
    }

    /// Keeps a line that could not be loaded: the reason, the place and the first 256 bytes.
    func addReject(
        _ id: Int64, _ line: UnsafeRawBufferPointer, at place: LinePlace, reason: String
    ) throws(WarehouseError) {
        reject.bind(1, id)
        reject.bind(2, place.segment)
        reject.bind(3, Int64(place.member))
        reject.bind(4, reason)
        reject.bind(5, Int64(line.count))
        reject.bind(6, bytes: UnsafeRawBufferPointer(rebasing: line.prefix(256)))
        try reject.run()
    }

    private func registered(_ key: LogKey) throws(WarehouseError) -> Int64? {
        find.bind(1, key.origin)
        find.bind(2, Int64(key.epoch))
        guard try find.step() else { return nil }
        let id = find.integer(0)
        let isRenamed = find.text(1) != key.name
        find.reset()
        if isRenamed {
            rename.bind(1, id)
            rename.bind(2, key.name)
            try rename.run()
        }
        return id
    }

    private func row(log: Int64, _ key: LogKey) throws(WarehouseError) -> Row {
        var ancestors: [(log: Int64, nextSeq: UInt64)] = []
        earlier.bind(1, key.origin)
        earlier.bind(2, Int64(key.epoch))
        while try earlier.step() { ancestors.append((earlier.integer(0), UInt64(clamping: earlier.integer(1)))) }
        // A seq is never used again, so a new epoch goes on where the one before it ended.
        var row = Row(log: log, nextSeq: ancestors.map(\.nextSeq).max() ?? 0, ancestors: ancestors.map(\.log))
        read.bind(1, log)
        guard try read.step() else { return row }
        row.firstSeq = UInt64(clamping: read.integer(0))
        row.nextSeq = UInt64(clamping: read.integer(1))
        row.leaf = read.text(2)
        row.first = read.optionalInteger(3)
        row.last = read.optionalInteger(4)
        row.decisions = read.integer(5)
        row.outcomes = read.integer(6)
        row.controls = read.integer(7)
        row.rejects = read.integer(8)
        row.missing = read.integer(9)
        read.reset()
        return row
    }
}
