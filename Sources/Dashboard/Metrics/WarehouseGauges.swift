public import Events

/// How far a warehouse is; whoever wires the dashboard fills it in.
public struct WarehouseGauges: Sendable {
    /// How much of a log is loaded.
    public struct LogPlace: Sendable {
        /// The log's name.
        public var log: String
        /// The seq of the first record that is not loaded.
        public var nextSeq: UInt64
        /// The time of the newest record that is; nil where there is none.
        public var newest: Timestamp?

        /// Makes a place.
        public init(log: String, nextSeq: UInt64, newest: Timestamp?) {
            self.log = log
            self.nextSeq = nextSeq
            self.newest = newest
        }
    }

    /// Every log that it knows.
    public var places: [LogPlace] = []
    /// Bytes of its files; nil where there are none.
    public var bytes: Int?

    /// An empty warehouse.
    public init() {}
}

extension LogMetrics {
    /// Writes how far the warehouse is behind what was read of the logs.
    ///
    /// - Parameter gauges: nil where there is no warehouse to ask, a failure where it cannot be read.
    func write(_ gauges: Result<WarehouseGauges, any Error>?, to text: inout MetricsText) {
        let found = try? gauges?.get()
        let places = Dictionary((found?.places ?? []).map { (LabelText.of($0.log), $0) }) {
            $0.nextSeq > $1.nextSeq ? $0 : $1
        }
        var lags: [Sample] = []
        var behind: [Sample] = []
        for (log, state) in logs where found != nil && log != LabelText.other {
            guard let nextSeq = state.nextSeq else { continue }
            let place = places[log]
            let records = nextSeq - min(place?.nextSeq ?? 0, nextSeq)
            behind.append(Sample([log], records))
            guard records > 0 else {
                lags.append(Sample([log], 0.0))
                continue
            }
            guard let newest = state.newest, let loaded = place?.newest else { continue }
            lags.append(Sample([log], Double(max(0, newest.since(loaded))) / 1_000_000))
        }
        text.add(.ingestLag, lags)
        text.add(.ingestBehind, behind)
        text.add(.warehouseBytes, found?.bytes.map(Double.init))
        text.add(.warehouseIsReadable, gauges == nil ? nil : found == nil ? 0 : 1)
    }
}
