import GRDB

@testable import Warehouse

extension WarehouseStore {
    /// A query's one number.
    func number(_ sql: String) throws -> Int? {
        try ask { db in try Int.fetchOne(db, sql: sql) }
    }

    /// A query's texts.
    func texts(_ sql: String) throws -> [String] {
        try ask { db in try String.fetchAll(db, sql: sql) }
    }

    /// A query's rows, sorted, to compare two stores.
    func dump(_ sql: String) throws -> [String] {
        try ask { db in try Row.fetchAll(db, sql: sql).map(\.description).sorted() }
    }
}
