import GRDB

/// The tables of `alerts.sqlite`.
enum OutboxSchema {
    /// What `PRAGMA application_id` says: "tgal".
    static let applicationID = 0x7467_616C
    static let version = 2

    static let sql = """
        CREATE TABLE cursor (               -- how far the watch's own log is in here
            id INTEGER PRIMARY KEY CHECK (id = 0),
            next_seq INTEGER NOT NULL
        );
        CREATE TABLE alert (                -- each alert as its newest step left it
            id TEXT PRIMARY KEY,
            state TEXT NOT NULL,            -- pending, firing, acknowledged, silenced, inhibited, resolved
            is_told INTEGER NOT NULL,       -- whether sinks were told that it fires
            notice TEXT NOT NULL,
            who TEXT,
            reason TEXT,
            updated_us INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE gathered (             -- steps on their way into a group's message, and those that were
            sink TEXT NOT NULL,
            key TEXT NOT NULL,
            lane TEXT NOT NULL,
            notice TEXT NOT NULL,
            at_us INTEGER NOT NULL,
            is_sent INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (sink, key)
        ) WITHOUT ROWID;
        CREATE INDEX gathered_waiting ON gathered (sink, lane) WHERE is_sent = 0;
        CREATE TABLE lane (                 -- groups that were told of
            sink TEXT NOT NULL,
            lane TEXT NOT NULL,
            sent_us INTEGER NOT NULL,
            PRIMARY KEY (sink, lane)
        ) WITHOUT ROWID;
        CREATE TABLE delivery (             -- messages: those that wait, were delivered, or are dead
            n INTEGER PRIMARY KEY AUTOINCREMENT,
            sink TEXT NOT NULL,
            key TEXT NOT NULL,
            lane TEXT NOT NULL,
            notices TEXT NOT NULL,
            state TEXT NOT NULL,            -- waiting, done, dead
            attempts INTEGER NOT NULL DEFAULT 0,
            due_us INTEGER NOT NULL,
            queued_us INTEGER NOT NULL,
            ended_us INTEGER,
            error TEXT,
            UNIQUE (sink, key)
        );
        CREATE INDEX delivery_waiting ON delivery (sink, n) WHERE state = 'waiting';
        CREATE TABLE request (              -- what people ask of the watch
            n INTEGER PRIMARY KEY AUTOINCREMENT,
            body TEXT NOT NULL,
            who TEXT NOT NULL,
            at_us INTEGER NOT NULL,
            answer TEXT
        );
        CREATE TABLE silence (
            id TEXT PRIMARY KEY,
            body TEXT NOT NULL,
            until_us INTEGER NOT NULL
        ) WITHOUT ROWID;
        """

    /// Since version 2: what the watch goes on from after a stop.
    static let memorySQL = """
        CREATE TABLE watch_memory (         -- the memory that holds
            id INTEGER PRIMARY KEY CHECK (id = 0),
            format INTEGER NOT NULL,
            settings TEXT NOT NULL,         -- the digest of the rules' parameters
            own_seq INTEGER NOT NULL,       -- the watch's own log is in it up to this seq
            newest_us INTEGER,              -- the newest record's time
            is_past INTEGER NOT NULL,       -- whether the logs are filled with calls of the past
            bytes INTEGER NOT NULL,
            pieces BLOB NOT NULL,           -- for each piece its side, a byte, and its checksum, eight
            taken_us INTEGER NOT NULL
        );
        CREATE TABLE watch_place (          -- how far each log is in it
            origin TEXT NOT NULL,
            epoch INTEGER NOT NULL,
            name TEXT NOT NULL,
            next_seq INTEGER NOT NULL,
            last_line TEXT,
            PRIMARY KEY (origin, epoch)
        ) WITHOUT ROWID;
        CREATE TABLE watch_piece (          -- its bytes: a piece that changes goes to the side that does not hold
            n INTEGER PRIMARY KEY,          -- 2 × the piece's number + its side
            bytes BLOB NOT NULL
        );
        """

    /// Makes the tables in an empty file, and those that an older one lacks.
    ///
    /// - Throws: `OutboxError` where the file is something else, or newer.
    static func prepare(_ db: Database, path: String) throws {
        let id = try Int.fetchOne(db, sql: "PRAGMA application_id") ?? 0
        let found = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        if id == applicationID, found == version { return }
        if id == applicationID, found == 1 {
            try db.execute(sql: memorySQL)
            return try db.execute(sql: "PRAGMA user_version = \(version)")
        }
        let tables = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") ?? 0
        guard id == 0, tables == 0 else {
            throw OutboxError(
                id == applicationID ? "\(path) was written by a newer tollgate" : "\(path) is not a watch's outbox",
                hint: "mv \(path) \(path).old")
        }
        try db.execute(sql: sql + memorySQL)
        try db.execute(sql: "PRAGMA application_id = \(applicationID)")
        try db.execute(sql: "PRAGMA user_version = \(version)")
    }
}

/// Why the outbox could not be read or written.
public struct OutboxError: Error, Sendable, CustomStringConvertible {
    /// What and where.
    public var message: String
    /// A command that works.
    public var hint: String?

    init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }

    /// What and where.
    public var description: String { message }
}
