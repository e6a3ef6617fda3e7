public import Events
import GRDB

/// How far a warehouse is: what tells whether an answer of it would still be the same.
public struct WarehouseState: Sendable, Hashable {
    /// Equal where nothing that a question looks at has changed: logs, how far each is loaded and verified, what retention has
    /// deleted.
    public var version: String
    /// The time of the newest record; nil while there is no call.
    public var newest: Timestamp?

    /// A line each of what moves with whatever is loaded or deleted.
    fileprivate static let lines = [
        """
        SELECT log.id || ' ' || name || ' ' || epoch || ' ' || first_seq || ' ' || next_seq || ' ' || coalesce(leaf, '') || ' '
            || decisions || ' ' || outcomes || ' ' || controls || ' ' || rejects || ' ' || missing || ' '
            || coalesce(head_size, '')
        FROM log JOIN cursor ON cursor.log = log.id ORDER BY log.id
        """,
        "SELECT key || ' ' || value FROM meta WHERE key = 'generation' OR key LIKE 'overflow.%' ORDER BY key",
        "SELECT name || ' ' || from_us || ' ' || n FROM kept ORDER BY name",
        "SELECT log || ' ' || last_seq || ' ' || late FROM expired ORDER BY log",
    ]
}

extension WarehouseStore {
    /// How far the warehouse is: cheap enough to be asked with every page.
    ///
    /// - Throws: `WarehouseError`.
    public func state() throws(WarehouseError) -> WarehouseState {
        try ask { db in
            var version = ""
            for sql in WarehouseState.lines { try db.forEachRow(sql) { version += $0.text(0) + "\n" } }
            let newest = "SELECT max(last_us) FROM cursor WHERE EXISTS (SELECT 1 FROM first_use)"
            return WarehouseState(
                version: version,
                newest: try Int64.fetchOne(db, sql: newest).map { Timestamp(microseconds: $0) })
        }
    }
}
