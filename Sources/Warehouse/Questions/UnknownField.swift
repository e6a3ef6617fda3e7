import GRDB

/// A field of loaded records that this tollgate does not know.
public struct UnknownField: Sendable, Hashable {
    /// The log's folder name.
    public var log: String
    /// The kind of the records: `decision`, `outcome`, `control`.
    public var kind: String
    /// The field's name, at most 64 bytes of it; `(other)` for all beyond a log's first thousand.
    public var field: String
    /// Records that have it.
    public var n: Int
    /// The seq of the first of them.
    public var first: UInt64
    /// The seq of the last of them.
    public var last: UInt64
}

extension UnknownField {
    /// Those of one log that records from its `firstSeq` to its `nextSeq` may have; the most frequent first.
    static func read(_ db: Database, _ log: LogCoverage) throws -> [UnknownField] {
        var fields: [UnknownField] = []
        let low = RecordID.of(log: Int64(log.id), seq: log.firstSeq)
        let sql = """
            SELECT kind, field, n, first, last FROM unknown_field WHERE log = ? AND last >= ? AND first < ?
            ORDER BY n DESC, kind, field
            """
        try db.forEachRow(sql, [log.id, low, low + Int64(log.nextSeq - log.firstSeq)]) { row in
            fields.append(
                UnknownField(
                    log: log.name, kind: row.text(0), field: row.text(1), n: row.count(2),
                    first: RecordID.seq(row.integer(3)), last: RecordID.seq(row.integer(4))))
        }
        return fields
    }
}
