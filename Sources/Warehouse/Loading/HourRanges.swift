/// Keeps `hour`: where in each log an hour's rows stand.
struct HourRanges {
    private var ranges: [Int64: ClosedRange<Int64>] = [:]
    /// The hour of the row noted last, not yet in `ranges`: rows of one hour mostly come together.
    private var hour: Int64 = 0
    private var range: ClosedRange<Int64>?
    private let write: SQLiteStatement

    init(_ connection: SQLiteConnection) throws(WarehouseError) {
        write = try connection.prepare(
            """
            INSERT INTO hour (hour, log, first_seq, last_seq) VALUES (?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET
                first_seq = min(first_seq, excluded.first_seq), last_seq = max(last_seq, excluded.last_seq)
            """)
    }

    /// Takes note of one row.
    mutating func note(_ row: DecidedRequest) {
        let hour = Clock.start(of: Clock.hour, holding: row.timestamp)
        let seq = row.id & RecordID.seqMask
        if let range, hour == self.hour {
            self.range = min(range.lowerBound, seq)...max(range.upperBound, seq)
        } else {
            keep()
            self.hour = hour
            range = seq...seq
        }
    }

    private mutating func keep() {
        guard let range else { return }
        let known = ranges[hour] ?? range
        ranges[hour] = min(range.lowerBound, known.lowerBound)...max(range.upperBound, known.upperBound)
        self.range = nil
    }

    /// Writes the ranges of one log's rows.
    mutating func flush(log: Int64) throws(WarehouseError) {
        keep()
        for (hour, range) in ranges {
            write.bind(1, hour)
            write.bind(2, log)
            write.bind(3, range.lowerBound)
            write.bind(4, range.upperBound)
            try write.run()
        }
        ranges.removeAll(keepingCapacity: true)
    }

    /// Forgets what was not written.
    mutating func forget() {
        ranges = [:]
        range = nil
    }
}
