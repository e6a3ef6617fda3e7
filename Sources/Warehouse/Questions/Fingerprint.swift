public import Events
import GRDB

extension WarehouseStore {
    /// A number over all that is loaded of a period: another one, but for one chance in 2^64, once a call of it was added, deleted
    /// or answered.
    ///
    /// It is made of sums and of how far each hour reaches in each log, not of calls, so that it costs next to nothing beside
    /// an answer that goes through them.
    ///
    /// - Throws: `WarehouseError`.
    public func fingerprint(of period: Period) throws(WarehouseError) -> Digest64 {
        try ask { db in
            let names = try self.names.read(db)
            var sum = Mix.of([names.generation])
            try CellSource(period: period, selection: Selection(.all, names)).scan(db) { cell in
                let numbers = [
                    cell.start, cell.actor, cell.tool, cell.verdict, cell.outcome, Int64(cell.n), Int64(cell.near),
                    Int64(cell.timed), cell.upstream,
                ]
                sum &+= Mix.of(numbers)
            }
            let hours = """
                SELECT hour, log, first_seq, last_seq FROM hour
                WHERE hour >= \(Clock.start(of: Clock.hour, holding: period.from.microseconds))
                    AND hour * 1000000 < \(period.to.microseconds)
                """
            try db.forEachNumbers(hours) { row in sum &+= Mix.of(row) }
            // What retention has deleted, and what logs are called: both are in answers.
            try db.forEachRow("SELECT name || ' ' || from_us || ' ' || n FROM kept") { row in
                sum &+= Mix.of(row.text(0).utf8)
            }
            try db.forEachRow("SELECT id || ' ' || name FROM log") { row in sum &+= Mix.of(row.text(0).utf8) }
            return Digest64(sum)
        }
    }
}

/// A hash of numbers that tells changes, not forgeries: FNV-1a by words, finished as in SplitMix.
private enum Mix {
    static func of(_ numbers: some Sequence<some BinaryInteger>) -> UInt64 {
        var sum: UInt64 = 0xCBF2_9CE4_8422_2325
        for number in numbers {
            sum = (sum ^ UInt64(truncatingIfNeeded: number)) &* 0x9E37_79B9_7F4A_7C15
            sum ^= sum >> 32
        }
        sum = (sum ^ sum >> 30) &* 0xBF58_476D_1CE4_E5B9
        return sum ^ sum >> 27
    }
}
