/// The database's schema: the text of `schemas/warehouse.v1.sql`, byte for byte (a test holds the two together).
public enum WarehouseSchema {
    /// The version that this code reads and writes, SQLite's `user_version`.
    public static let version = 1
    /// SQLite's `application_id`, `tolg`: tells a warehouse from any other database.
    public static let applicationID = 1_953_459_303

    /// The statements that make an empty database a warehouse.
    public static let sql = tables + "\n\n" + views
}
