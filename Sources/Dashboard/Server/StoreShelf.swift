import Foundation
import Synchronization
import Warehouse

/// The warehouse, opened when it is first asked and again when its file is another one (`ingest --rebuild`).
final class StoreShelf: Sendable {
    private struct Opened {
        var store: WarehouseStore
        var file: UInt64
    }

    private let opened = Mutex<Opened?>(nil)

    /// - Throws: `WarehouseError`.
    func open(_ path: String) throws -> WarehouseStore {
        try opening(path).store
    }

    /// The warehouse and how far it is.
    ///
    /// - Throws: `WarehouseError`.
    func look(_ path: String) throws -> (store: WarehouseStore, state: WarehouseState) {
        let opened = try opening(path)
        var state = try opened.store.state()
        state.version = "\(opened.file)\n\(state.version)"
        return (opened.store, state)
    }

    private func opening(_ path: String) throws -> Opened {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        let file = (attributes?[.systemFileNumber] as? NSNumber)?.uint64Value ?? 0
        return try opened.withLock { opened in
            if let opened, opened.file == file { return opened }
            let new = Opened(store: try WarehouseStore(reading: path), file: file)
            opened = new
            return new
        }
    }
}
