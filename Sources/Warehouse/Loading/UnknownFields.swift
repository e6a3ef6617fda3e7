/// Keeps `unknown_field`: the names of fields that loaded records have and this tollgate does not know.
///
/// Which names get a row of their own depends only on the order of the records, never on how transactions fell.
struct UnknownFields {
    /// Names of a log that get a row of their own; later ones are counted together.
    static let capacity = 1000
    /// Bytes of a name that are kept.
    static let nameBytes = 64

    private struct Key: Hashable {
        var kind: String
        var field: String
    }

    private struct Count {
        var n: Int64 = 0
        var first: Int64 = .max
        var last: Int64 = .min
    }

    private let read: SQLiteStatement
    private let write: SQLiteStatement
    /// The open log's names, those of its rows included; nil until one is needed.
    private var known: Set<Key>?
    private var counts: [Key: Count] = [:]

    init(_ connection: SQLiteConnection) throws(WarehouseError) {
        read = try connection.prepare("SELECT kind, field FROM unknown_field WHERE log = ?")
        write = try connection.prepare(
            """
            INSERT INTO unknown_field (log, kind, field, n, first, last) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET n = n + excluded.n, first = min(first, excluded.first),
                last = max(last, excluded.last)
            """)
    }

    /// Counts the fields of one record.
    mutating func note(_ names: [String], of kind: String, record id: Int64) throws(WarehouseError) {
        if known == nil { known = try stored(log: RecordID.log(id)) }
        var known = self.known.take() ?? []
        var own: Set<Key> = []
        for name in names {
            var key = Key(kind: kind, field: UnknownFields.cut(name))
            if !known.contains(key) {
                if known.count < UnknownFields.capacity {
                    known.insert(key)
                } else {
                    key.field = Dictionaries.other
                }
            }
            guard own.insert(key).inserted else { continue }
            var count = counts[key] ?? Count()
            count.n += 1
            count.first = min(count.first, id)
            count.last = max(count.last, id)
            counts[key] = count
        }
        self.known = known
    }

    /// Writes the open log's counts; the next record is another log's, or of another transaction.
    mutating func flush(log: Int64) throws(WarehouseError) {
        for (key, count) in counts {
            write.bind(1, log)
            write.bind(2, key.kind)
            write.bind(3, key.field)
            write.bind(4, count.n)
            write.bind(5, count.first)
            write.bind(6, count.last)
            try write.run()
        }
        forget()
    }

    /// Forgets what was not written.
    mutating func forget() {
        counts.removeAll()
        known = nil
    }

    private func stored(log: Int64) throws(WarehouseError) -> Set<Key> {
        var keys: Set<Key> = []
        read.bind(1, log)
        while try read.step() {
            let key = Key(kind: read.text(0) ?? "", field: read.text(1) ?? "")
            // Names that share the row of all the others take no place.
            if key.field != Dictionaries.other { keys.insert(key) }
        }
        return keys
    }

    /// The first bytes of a name, whole characters of it; a NUL would end the text in SQLite's shell.
    private static func cut(_ name: String) -> String {
        var bytes = name.utf8.prefix(nameBytes).map { $0 == 0 ? UInt8(ascii: "?") : $0 }
        guard name.utf8.count > nameBytes else { return String(decoding: bytes, as: UTF8.self) }
        while let last = bytes.last, last & 0xC0 == 0x80 { bytes.removeLast() }
        if let last = bytes.last, last >= 0xC0 { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }
}
