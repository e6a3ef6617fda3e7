public import Events

/// How much of a log is loaded.
public struct LoadedPlace: Sendable, Hashable {
    /// The log's folder name.
    public var log: String
    /// The seq of the first record that is not loaded.
    public var nextSeq: UInt64
    /// The time of the newest record that is; nil where none was.
    public var newest: Timestamp?

    /// Makes a place.
    public init(log: String, nextSeq: UInt64, newest: Timestamp?) {
        self.log = log
        self.nextSeq = nextSeq
        self.newest = newest
    }
}

extension WarehouseStore {
    /// How much of each log is loaded, of each name its latest life: cheap enough to be asked every few seconds.
    ///
    /// - Throws: `WarehouseError`.
    public func loadedPlaces() throws(WarehouseError) -> [LoadedPlace] {
        try ask { db in
            var places: [LoadedPlace] = []
            let sql = """
                SELECT name, next_seq, last_us, max(epoch) FROM log JOIN cursor ON cursor.log = log.id
                GROUP BY origin ORDER BY name, next_seq
                """
            try db.forEachRow(sql) { row in
                places.append(
                    LoadedPlace(
                        log: row.text(0), nextSeq: UInt64(clamping: row.integer(1)),
                        newest: row.optionalInteger(2).map { Timestamp(microseconds: $0) }))
            }
            return places
        }
    }
}
