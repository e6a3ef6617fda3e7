import Warehouse

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension Ingester {
    /// Makes a warehouse empty, whatever state it is in; the next catch-up loads everything again.
    ///
    /// A healthy database is emptied in one transaction, beside readers and other ingesters. One that SQLite cannot
    /// read, or that a newer tollgate made, is deleted; a file that is no warehouse is left as it is.
    ///
    /// - Throws: `IngestError.warehouse`.
    public static func makeAnew(_ path: String) throws(IngestError) {
        do throws(WarehouseError) {
            do throws(WarehouseError) {
                try WarehouseStore(creating: path).loader().makeAnew()
            } catch {
                guard error.code == .corrupt || error.code == .newerSchema || error.code == .sql else { throw error }
                for suffix in ["", "-wal", "-shm"] { unlink(path + suffix) }
                _ = try WarehouseStore(creating: path)
            }
        } catch {
            throw .warehouse(error)
        }
    }
}
