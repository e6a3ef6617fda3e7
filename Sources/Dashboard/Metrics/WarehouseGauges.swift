import Events
import Foundation
public import Warehouse

/// How far a warehouse is.
public struct WarehouseGauges: Sendable {
    /// Every log that it knows.
    public var places: [LoadedPlace] = []
    /// Bytes of its files; nil where there are none.
    public var bytes: Int?

    /// An empty warehouse.
    public init() {}

    /// Asks a warehouse.
    ///
    /// - Throws: `WarehouseError`.
    init(_ store: WarehouseStore) throws {
        places = try store.loadedPlaces()
        bytes = ["", "-wal", "-shm"].reduce(0) { sum, ending in
            let attributes = try? FileManager.default.attributesOfItem(atPath: store.path + ending)
            return sum + ((attributes?[.size] as? NSNumber)?.intValue ?? 0)
        }
    }
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
