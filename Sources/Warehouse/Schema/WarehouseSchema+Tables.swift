extension WarehouseSchema {
    /// The tables of records and of their sums, and their indexes.
    static let tables = names + "\n\n" + calls + "\n\n" + sums

    /// Logs, gaps, and the dictionaries of the star.
    private static let names = """
        -- tollgate warehouse, schema version 2.
        --
        -- The audit log is the truth; this file is its index, made to be read with any SQLite tool and to be thrown away
        -- and made again (`tollgate ingest --rebuild`). People begin with the views at the end.
        --
        -- Times are UTC: `*_us` in microseconds since 1970, `minute`, `hour` and `day` in seconds since 1970 at their start.
        -- A record's id is log << 40 | seq. A call is a decided `tools/call` with its hold, if any, folded in.

        PRAGMA application_id = 1953459303; -- 'tolg'
        PRAGMA user_version = 2;

        -- The logs that feed this database, and how far each is loaded. Rows, roll-ups and cursor move in one transaction.

        CREATE TABLE log (
            id INTEGER PRIMARY KEY,             -- from 0
            origin TEXT NOT NULL,               -- who the log is, wherever it lies
            epoch INTEGER NOT NULL,
            name TEXT NOT NULL,                 -- its folder's name when last loaded: records are cited as name/seq
            kind TEXT NOT NULL,                 -- gateway, import, watch
            durability TEXT,                    -- of its newest log_open
            UNIQUE (origin, epoch)
        );

        CREATE TABLE cursor (
            log INTEGER PRIMARY KEY REFERENCES log,
            first_seq INTEGER NOT NULL,         -- where loading began: 0, or what retention had left
            next_seq INTEGER NOT NULL,          -- = first_seq + missing + decisions + outcomes + controls + rejects
            leaf TEXT,                          -- RFC 6962 leaf hash of record next_seq - 1: tells a log that was rolled back
            first_us INTEGER,
            last_us INTEGER,
            decisions INTEGER NOT NULL DEFAULT 0,
            outcomes INTEGER NOT NULL DEFAULT 0,
            controls INTEGER NOT NULL DEFAULT 0,
            rejects INTEGER NOT NULL DEFAULT 0,
            missing INTEGER NOT NULL DEFAULT 0, -- seqs that the log no longer holds
            head_size INTEGER,                  -- newest signed head that was verified
            head_root TEXT
        );

        CREATE TABLE reject (                   -- lines that could not be loaded
            id INTEGER PRIMARY KEY,
            segment TEXT NOT NULL,
            member INTEGER NOT NULL,            -- offset of the gzip member in the segment's file
            reason TEXT NOT NULL,
            bytes INTEGER NOT NULL,
            head BLOB NOT NULL                  -- the first 256 bytes
        );

        CREATE TABLE gap (                      -- what a log does not hold
            id INTEGER PRIMARY KEY,
            log INTEGER NOT NULL REFERENCES log,
            kind TEXT NOT NULL,                 -- recorded (a gap record says so), missing (found while loading)
            first_seq INTEGER,
            last_seq INTEGER,
            from_us INTEGER,
            to_us INTEGER,
            n INTEGER NOT NULL,
            reason TEXT NOT NULL,
            record INTEGER                      -- the gap record
        );

        CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;

        -- Dictionaries. Absent texts are ''. Each stops at 100,000 rows; later names become '(other)' and meta says so.

        CREATE TABLE actor (
            id INTEGER PRIMARY KEY,
            agent TEXT NOT NULL,                -- '' where unresolved
            grant_id TEXT NOT NULL,
            identity TEXT NOT NULL,
            agent_id INTEGER NOT NULL,          -- the first row with this agent
            UNIQUE (agent, grant_id, identity)
        );

        CREATE TABLE tool (
            id INTEGER PRIMARY KEY,
            server TEXT NOT NULL,
            tool TEXT NOT NULL,                 -- '(unlisted)' for names that the server never listed; '' unless tools/call
            method TEXT NOT NULL,
            risk TEXT NOT NULL,
            tool_id INTEGER NOT NULL,           -- the first row with this server, tool and method
            UNIQUE (server, tool, method, risk)
        );

        CREATE TABLE verdict (
            id INTEGER PRIMARY KEY,
            decision TEXT NOT NULL,
            mode TEXT NOT NULL,
            reason TEXT NOT NULL,
            rule TEXT NOT NULL,
            message TEXT NOT NULL,
            policy TEXT NOT NULL,
            policy_digest TEXT NOT NULL,
            limit_counter TEXT NOT NULL,        -- the limit nearest to its maximum, on allow as on throttle
            limit_window_s INTEGER NOT NULL,
            limit_max INTEGER NOT NULL,
            UNIQUE (decision, mode, reason, rule, message, policy, policy_digest, limit_counter, limit_window_s, limit_max)
        );

        CREATE TABLE client (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);

        CREATE TABLE session (id INTEGER PRIMARY KEY, name TEXT NOT NULL); -- unique; an index would cost more than the names

        CREATE TABLE outcome (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, is_error INTEGER NOT NULL);
        INSERT INTO outcome VALUES
            (0, '', 0), -- stopped, or not answered yet
            (1, 'ok', 0), (2, 'tool_error', 1), (3, 'rpc_error', 1), (4, 'http_error', 1), (5, 'timeout', 1),
            (6, 'cancelled', 0), (7, 'disconnected', 0), (8, 'upstream_down', 1), (9, 'overloaded', 1),
            (10, 'not_forwarded', 0), (11, 'unanswered', 0);

        -- Facts.
        """

    /// The calls.
    static let calls = """
        CREATE TABLE call (                     -- one row per decided tools/call, its outcome joined
            id INTEGER PRIMARY KEY,             -- of its first decision
            ts_us INTEGER NOT NULL,
            actor INTEGER NOT NULL REFERENCES actor,
            tool INTEGER NOT NULL REFERENCES tool,
            verdict INTEGER NOT NULL REFERENCES verdict,
            outcome INTEGER NOT NULL REFERENCES outcome,
            mark INTEGER NOT NULL,              -- 1: stopped (denied or throttled, enforced); 2: near (passed with its
                                                -- limit at least 80 % used); 0: neither
            session INTEGER REFERENCES session,
            client INTEGER REFERENCES client,
            decide_us INTEGER,
            upstream_us INTEGER,
            arg_digest INTEGER,                 -- 64 bits; printf('%016x', …) is the log's form
            arg_bytes INTEGER,
            result_digest INTEGER,
            result_bytes INTEGER,
            limit_used INTEGER
        );
        CREATE INDEX call_stopped ON call (ts_us) WHERE mark = 1;
        CREATE INDEX call_near ON call (ts_us) WHERE mark = 2;

        CREATE TABLE call_rare (                -- what one call in a hundred has: in `call` it would cost all of them
            id INTEGER PRIMARY KEY REFERENCES call,
            code INTEGER,                       -- JSON-RPC code or HTTP status
            wait_us INTEGER,                    -- held or queued
            retry_after_ms INTEGER,
            final_seq INTEGER                   -- the decision that ended its hold
        );
        CREATE INDEX call_held ON call_rare (final_seq) WHERE final_seq IS NOT NULL;
        CREATE TRIGGER call_deleted AFTER DELETE ON call BEGIN DELETE FROM call_rare WHERE id = OLD.id; END;
        """

    /// All other records, and the sums.
    private static let sums = """
        CREATE TABLE request (                  -- one row per other decided request, and per coalesced refusal
            id INTEGER PRIMARY KEY,
            ts_us INTEGER NOT NULL,
            actor INTEGER NOT NULL REFERENCES actor,
            tool INTEGER NOT NULL REFERENCES tool,
            verdict INTEGER NOT NULL REFERENCES verdict,
            outcome INTEGER NOT NULL REFERENCES outcome,
            session INTEGER REFERENCES session,
            client INTEGER REFERENCES client,
            code INTEGER,
            decide_us INTEGER,
            upstream_us INTEGER,
            n INTEGER NOT NULL                  -- how many alike
        );

        CREATE TABLE hour (                     -- finds the rows of a time: a log's seq order is time order but for clock steps
            hour INTEGER NOT NULL,
            log INTEGER NOT NULL REFERENCES log,
            first_seq INTEGER NOT NULL,
            last_seq INTEGER NOT NULL,
            PRIMARY KEY (hour, log)
        ) WITHOUT ROWID;

        CREATE TABLE control_event (            -- the log's control records, but alerts
            id INTEGER PRIMARY KEY,
            ts_us INTEGER NOT NULL,
            event TEXT NOT NULL,
            agent TEXT,
            server TEXT,
            tool TEXT,
            reason TEXT,
            n INTEGER,
            fields TEXT NOT NULL                -- JSON: every field of the record
        );

        CREATE TABLE alert (                    -- an alert as its newest transition left it
            id TEXT PRIMARY KEY,
            rule TEXT NOT NULL,
            severity TEXT NOT NULL,
            state TEXT NOT NULL,                -- pending, firing, resolved, acknowledged, silenced, inhibited
            agent TEXT,
            server TEXT,
            tool TEXT,
            start_us INTEGER NOT NULL,
            end_us INTEGER,
            raised_us INTEGER NOT NULL,
            updated_us INTEGER NOT NULL,
            record INTEGER NOT NULL,            -- of the newest transition
            summary TEXT NOT NULL,
            attempts INTEGER,
            denied INTEGER,
            same INTEGER,
            maximum INTEGER,
            threshold INTEGER,
            first_record TEXT,
            last_record TEXT
        ) WITHOUT ROWID;

        CREATE TABLE alert_transition (
            id INTEGER PRIMARY KEY,
            alert TEXT NOT NULL,
            ts_us INTEGER NOT NULL,
            state TEXT NOT NULL,
            severity TEXT NOT NULL,
            who TEXT,
            reason TEXT
        );
        CREATE INDEX alert_transition_alert ON alert_transition (alert);

        -- Roll-ups: sums over calls, moved in the transaction that moves the calls.

        CREATE TABLE rollup_hour (
            hour INTEGER NOT NULL,
            actor INTEGER NOT NULL,
            tool INTEGER NOT NULL,
            verdict INTEGER NOT NULL,
            outcome INTEGER NOT NULL,
            n INTEGER NOT NULL,
            near INTEGER NOT NULL,
            timed INTEGER NOT NULL,             -- calls whose upstream duration is known
            upstream_us INTEGER NOT NULL,       -- the sum of those
            PRIMARY KEY (hour, actor, tool, verdict, outcome)
        ) WITHOUT ROWID;

        CREATE TABLE rollup_day (
            day INTEGER NOT NULL,
            actor INTEGER NOT NULL,
            tool INTEGER NOT NULL,
            verdict INTEGER NOT NULL,
            outcome INTEGER NOT NULL,
            n INTEGER NOT NULL,
            near INTEGER NOT NULL,
            timed INTEGER NOT NULL,
            upstream_us INTEGER NOT NULL,
            PRIMARY KEY (day, actor, tool, verdict, outcome)
        ) WITHOUT ROWID;

        CREATE TABLE request_hour (
            hour INTEGER NOT NULL,
            actor INTEGER NOT NULL,
            tool INTEGER NOT NULL,
            verdict INTEGER NOT NULL,
            n INTEGER NOT NULL,
            PRIMARY KEY (hour, actor, tool, verdict)
        ) WITHOUT ROWID;

        CREATE TABLE peak_minute (              -- the busiest minute of a day, the earliest of equals
            day INTEGER NOT NULL,
            agent INTEGER NOT NULL,             -- actor.agent_id; 0: all together
            tool INTEGER NOT NULL,              -- tool.tool_id; 0: all together
            calls INTEGER NOT NULL,
            minute INTEGER NOT NULL,
            active INTEGER NOT NULL,            -- minutes with a call
            PRIMARY KEY (day, agent, tool)
        ) WITHOUT ROWID;

        CREATE TABLE minute (                   -- calls per minute, only for the newest days: what peak_minute goes on from
            minute INTEGER NOT NULL,
            agent INTEGER NOT NULL,
            tool INTEGER NOT NULL,
            calls INTEGER NOT NULL,
            PRIMARY KEY (minute, agent, tool)
        ) WITHOUT ROWID;

        CREATE TABLE minute_day (day INTEGER PRIMARY KEY); -- the days that minute holds whole

        CREATE TABLE latency (                  -- upstream durations, four buckets an octave: 4e + m begins at 2^e (1 + m/4) µs
            day INTEGER NOT NULL,
            agent INTEGER NOT NULL,             -- actor.agent_id; 0 in rows by tool
            tool INTEGER NOT NULL,              -- tool.tool_id; 0 in rows by agent
            bucket INTEGER NOT NULL,
            n INTEGER NOT NULL,
            PRIMARY KEY (day, agent, tool, bucket)
        ) WITHOUT ROWID;

        CREATE TABLE first_use (
            agent INTEGER NOT NULL,             -- actor.agent_id; 0: by anyone
            tool INTEGER NOT NULL,              -- tool.tool_id
            ts_us INTEGER NOT NULL,
            call INTEGER NOT NULL,
            PRIMARY KEY (agent, tool)
        ) WITHOUT ROWID;
        """
}
