/// The database's schema: the text of `schemas/warehouse.v2.sql`, byte for byte (a test holds the two together).
///
/// Each released version's file stays in `schemas/` as it was; `SchemaVersion` leads its databases forward.
public enum WarehouseSchema {
    /// The version that this code reads and writes, SQLite's `user_version`.
    public static let version = 2
    /// SQLite's `application_id`, `tolg`: tells a warehouse from any other database.
    public static let applicationID = 1_953_459_303

    /// The statements that make an empty database a warehouse.
    public static let sql = tables + "\n\n" + keeping + "\n\n" + views

    /// The statements that lead a database of version 1 to version 2: new tables, views with what they tell, `session`
    /// without an index, which took as much room as the names (loaders have all names in memory), and `call` without what
    /// few calls have.
    static let stepFromVersion1 = """
        DROP VIEW coverage;
        DROP VIEW alerts;
        DROP VIEW rules;
        DROP VIEW tools;
        DROP VIEW agents;
        DROP VIEW decisions;
        DROP VIEW calls;
        CREATE TEMP TABLE old_session AS SELECT * FROM session;
        DROP TABLE session;
        CREATE TABLE session (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
        INSERT INTO session SELECT * FROM old_session;
        DROP TABLE old_session;
        ALTER TABLE call RENAME TO old_call;
        DROP INDEX call_stopped;
        DROP INDEX call_near;
        DROP INDEX call_held;

        """ + calls + """

            INSERT INTO call SELECT id, ts_us, actor, tool, verdict, outcome, stopped + 2 * near, session, client,
                decide_us, upstream_us, arg_digest, arg_bytes, result_digest, result_bytes, limit_used
            FROM old_call;
            INSERT INTO call_rare SELECT id, code, wait_us, retry_after_ms, final_seq FROM old_call
            WHERE coalesce(code, wait_us, retry_after_ms, final_seq) IS NOT NULL;
            DROP TABLE old_call;
            PRAGMA user_version = 2;

            """ + keeping + "\n\n" + views
}
