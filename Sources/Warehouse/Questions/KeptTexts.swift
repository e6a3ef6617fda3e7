import GRDB

extension WarehouseStore {
    /// A text that was kept under a name, nil where there is none.
    ///
    /// - Throws: `WarehouseError`.
    public func keptText(_ name: String) throws(WarehouseError) -> String? {
        try ask { db in
            try String.fetchOne(db, sql: "SELECT value FROM meta WHERE key = ?", arguments: ["kept.\(name)"])
        }
    }

    /// Keeps a text under a name, in the place of the one before; of the names in order the last ones stay.
    ///
    /// It waits for a loader that is writing, a second at most: what is kept can be made again.
    ///
    /// - Parameter most: how many texts stay.
    /// - Throws: `WarehouseError`: the file may be read only.
    public func keep(_ text: String, as name: String, most: Int = 60) throws(WarehouseError) {
        let connection = try SQLiteConnection(writing: path)
        try connection.execute("PRAGMA busy_timeout = 1000")
        let put = try connection.prepare("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)")
        put.bind(1, "kept.\(name)")
        put.bind(2, text)
        _ = try put.step()
        try connection.execute(
            """
            DELETE FROM meta WHERE key LIKE 'kept.%' AND key NOT IN (
                SELECT key FROM meta WHERE key LIKE 'kept.%' ORDER BY key DESC LIMIT \(most))
            """)
    }
}
