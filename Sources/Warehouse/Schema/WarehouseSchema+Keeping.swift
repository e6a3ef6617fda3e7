extension WarehouseSchema {
    /// The tables that version 2 added.
    static let keeping = """
        -- What retention deleted (`tollgate ingest --keep`), and what records say beyond what this tollgate knows.

        CREATE TABLE kept (                     -- what is kept since when: everything before has been deleted
            name TEXT PRIMARY KEY,              -- calls, requests, events, alerts, rejects, hours, days
            from_us INTEGER NOT NULL,
            n INTEGER NOT NULL,                 -- rows deleted so far
            at_us INTEGER NOT NULL              -- when that was last decided
        ) WITHOUT ROWID;

        CREATE TABLE expired (                  -- what retention deleted of a log's calls and requests
            log INTEGER PRIMARY KEY REFERENCES log,
            last_seq INTEGER NOT NULL,          -- a record of a seq up to this one may have had a row
            late INTEGER NOT NULL DEFAULT 0     -- records that came for a row that was deleted: counted by the cursor, in no sum
        );

        CREATE TABLE late (                     -- those records; kept as long as calls
            id INTEGER PRIMARY KEY,
            ts_us INTEGER NOT NULL,
            of INTEGER NOT NULL                 -- the seq whose row was deleted
        );

        CREATE TABLE unknown_field (            -- fields of loaded records that this tollgate does not know: names, never values
            log INTEGER NOT NULL REFERENCES log,
            kind TEXT NOT NULL,                 -- decision, outcome, control
            field TEXT NOT NULL,                -- its first 64 bytes; '(other)' beyond 1,000 names of a log
            n INTEGER NOT NULL,                 -- records that have it
            first INTEGER NOT NULL,             -- the first of them
            last INTEGER NOT NULL,
            PRIMARY KEY (log, kind, field)
        ) WITHOUT ROWID;
        """
}
