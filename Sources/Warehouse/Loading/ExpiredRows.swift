/// Reads and writes `expired` and `late`: what comes for a row that retention has deleted is no poison.
final class ExpiredRows {
    private let lastSeq: SQLiteStatement
    private let isLate: SQLiteStatement
    private let insertLate: SQLiteStatement
    private let countLate: SQLiteStatement

    init(_ connection: SQLiteConnection) throws(WarehouseError) {
        lastSeq = try connection.prepare("SELECT last_seq FROM expired WHERE log = ?")
        isLate = try connection.prepare("SELECT 1 FROM late WHERE id = ?")
        insertLate = try connection.prepare("INSERT INTO late (id, ts_us, of) VALUES (?, ?, ?)")
        countLate = try connection.prepare(
            """
            INSERT INTO expired (log, last_seq, late) VALUES (?, -1, 1)
            ON CONFLICT DO UPDATE SET late = late + 1
            """)
    }

    /// Whether a record that has no row may have had one: its seq is not beyond the last that was deleted, or it came
    /// late itself, as the decision that ends a deleted call's hold does.
    func mayHaveHeld(_ seq: UInt64, of log: Int64) throws(WarehouseError) -> Bool {
        lastSeq.bind(1, log)
        let last = try lastSeq.step() ? lastSeq.integer(0) : -1
        lastSeq.reset()
        if Int64(clamping: seq) <= last { return true }
        isLate.bind(1, RecordID.of(log: log, seq: seq))
        defer { isLate.reset() }
        return try isLate.step()
    }

    /// Counts a record whose row was deleted before it came.
    func addLate(_ id: Int64, at timestamp: Int64, of seq: UInt64) throws(WarehouseError) {
        insertLate.bind(1, id)
        insertLate.bind(2, timestamp)
        insertLate.bind(3, Int64(clamping: seq))
        try insertLate.run()
        countLate.bind(1, RecordID.log(id))
        try countLate.run()
    }
}
