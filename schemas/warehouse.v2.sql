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

-- Views for people.

CREATE VIEW calls AS -- every tools/call, newest last
SELECT
    log.name || '/' || (call.id & 1099511627775) AS record,
    strftime('%Y-%m-%dT%H:%M:%S', call.ts_us / 1000000, 'unixepoch') || printf('.%06dZ', call.ts_us % 1000000) AS time,
    coalesce(nullif(actor.agent, ''), '(unresolved)') AS agent,
    nullif(actor.grant_id, '') AS grant_id,
    actor.identity,
    tool.server,
    tool.tool,
    nullif(tool.risk, '') AS risk,
    verdict.decision,
    verdict.mode,
    verdict.reason,
    nullif(verdict.rule, '') AS rule,
    nullif(verdict.message, '') AS message,
    nullif(verdict.policy, '') AS policy,
    nullif(verdict.policy_digest, '') AS policy_digest,
    call.mark = 1 AS stopped,
    nullif(outcome.name, '') AS outcome,
    rare.code,
    call.upstream_us / 1000.0 AS upstream_ms,
    rare.wait_us / 1000.0 AS wait_ms,
    call.decide_us,
    CASE WHEN call.arg_digest IS NOT NULL THEN printf('%016x', call.arg_digest) END AS arg_digest,
    CASE WHEN call.result_digest IS NOT NULL THEN printf('%016x', call.result_digest) END AS result_digest,
    call.arg_bytes,
    call.result_bytes,
    nullif(verdict.limit_counter, '') AS limit_counter,
    call.limit_used,
    CASE WHEN verdict.limit_counter <> '' THEN verdict.limit_max END AS limit_max,
    CASE WHEN verdict.limit_counter <> '' THEN verdict.limit_window_s END AS limit_window_s,
    call.mark = 2 AS near,
    rare.retry_after_ms,
    log.name || '/' || rare.final_seq AS ended_by,
    client.name AS client,
    session.name AS session,
    call.id
FROM call
JOIN log ON log.id = call.id >> 40
JOIN actor ON actor.id = call.actor
JOIN tool ON tool.id = call.tool
JOIN verdict ON verdict.id = call.verdict
JOIN outcome ON outcome.id = call.outcome
LEFT JOIN client ON client.id = call.client
LEFT JOIN session ON session.id = call.session
LEFT JOIN call_rare AS rare ON rare.id = call.id;

CREATE VIEW decisions AS -- every decided request: calls and all others
SELECT record, time, agent, grant_id, identity, server, 'tools/call' AS method, tool, decision, mode, reason, rule,
    policy, outcome, code, upstream_ms, client, session, 1 AS n, id
FROM calls
UNION ALL
SELECT
    log.name || '/' || (request.id & 1099511627775),
    strftime('%Y-%m-%dT%H:%M:%S', request.ts_us / 1000000, 'unixepoch') || printf('.%06dZ', request.ts_us % 1000000),
    coalesce(nullif(actor.agent, ''), '(unresolved)'),
    nullif(actor.grant_id, ''),
    actor.identity,
    tool.server,
    tool.method,
    nullif(tool.tool, ''),
    verdict.decision,
    verdict.mode,
    verdict.reason,
    nullif(verdict.rule, ''),
    nullif(verdict.policy, ''),
    nullif(outcome.name, ''),
    request.code,
    request.upstream_us / 1000.0,
    client.name,
    session.name,
    request.n,
    request.id
FROM request
JOIN log ON log.id = request.id >> 40
JOIN actor ON actor.id = request.actor
JOIN tool ON tool.id = request.tool
JOIN verdict ON verdict.id = request.verdict
JOIN outcome ON outcome.id = request.outcome
LEFT JOIN client ON client.id = request.client
LEFT JOIN session ON session.id = request.session;

CREATE VIEW agents AS -- each agent's calls so far
SELECT
    coalesce(nullif(actor.agent, ''), '(unresolved)') AS agent,
    sum(r.n) AS calls,
    sum(CASE WHEN verdict.decision = 'deny' AND verdict.mode = 'enforce' THEN r.n ELSE 0 END) AS denied,
    sum(CASE WHEN verdict.decision = 'throttle' AND verdict.mode = 'enforce' THEN r.n ELSE 0 END) AS throttled,
    sum(CASE WHEN outcome.is_error THEN r.n ELSE 0 END) AS errors,
    count(DISTINCT tool.tool_id) AS tools,
    (SELECT max(p.calls) FROM peak_minute AS p WHERE p.agent = actor.agent_id AND p.tool = 0) AS peak_per_minute,
    date(min(r.day), 'unixepoch') AS first_day,
    date(max(r.day), 'unixepoch') AS last_day
FROM rollup_day AS r
JOIN actor ON actor.id = r.actor
JOIN tool ON tool.id = r.tool
JOIN verdict ON verdict.id = r.verdict
JOIN outcome ON outcome.id = r.outcome
GROUP BY actor.agent_id;

CREATE VIEW tools AS -- each tool's calls so far
SELECT
    tool.server,
    tool.tool,
    (SELECT nullif(t.risk, '') FROM tool AS t WHERE t.tool_id = tool.tool_id ORDER BY t.id DESC LIMIT 1) AS risk,
    sum(r.n) AS calls,
    sum(CASE WHEN verdict.decision = 'deny' AND verdict.mode = 'enforce' THEN r.n ELSE 0 END) AS denied,
    sum(CASE WHEN verdict.decision = 'throttle' AND verdict.mode = 'enforce' THEN r.n ELSE 0 END) AS throttled,
    sum(CASE WHEN outcome.is_error THEN r.n ELSE 0 END) AS errors,
    count(DISTINCT actor.agent_id) AS agents,
    (SELECT max(p.calls) FROM peak_minute AS p WHERE p.agent = 0 AND p.tool = tool.tool_id) AS peak_per_minute,
    date(min(r.day), 'unixepoch') AS first_day,
    date(max(r.day), 'unixepoch') AS last_day
FROM rollup_day AS r
JOIN actor ON actor.id = r.actor
JOIN tool ON tool.id = r.tool
JOIN verdict ON verdict.id = r.verdict
JOIN outcome ON outcome.id = r.outcome
GROUP BY tool.tool_id;

CREATE VIEW rules AS -- what each rule decided so far
SELECT
    nullif(verdict.policy, '') AS policy,
    nullif(verdict.rule, '') AS rule,
    verdict.reason,
    verdict.decision,
    verdict.mode,
    sum(r.n) AS calls,
    count(DISTINCT actor.agent_id) AS agents,
    count(DISTINCT tool.tool_id) AS tools,
    date(min(r.day), 'unixepoch') AS first_day,
    date(max(r.day), 'unixepoch') AS last_day
FROM rollup_day AS r
JOIN actor ON actor.id = r.actor
JOIN tool ON tool.id = r.tool
JOIN verdict ON verdict.id = r.verdict
GROUP BY verdict.policy, verdict.rule, verdict.reason, verdict.decision, verdict.mode;

CREATE VIEW alerts AS -- every alert as it stands
SELECT
    alert.id,
    strftime('%Y-%m-%dT%H:%M:%S', start_us / 1000000, 'unixepoch') || printf('.%06dZ', start_us % 1000000) AS started,
    strftime('%Y-%m-%dT%H:%M:%S', raised_us / 1000000, 'unixepoch') || printf('.%06dZ', raised_us % 1000000) AS raised,
    strftime('%Y-%m-%dT%H:%M:%S', end_us / 1000000, 'unixepoch') || printf('.%06dZ', end_us % 1000000) AS ended,
    rule,
    severity,
    state,
    agent,
    server,
    tool,
    summary,
    attempts,
    denied,
    same,
    first_record,
    last_record
FROM alert;

CREATE VIEW coverage AS -- what each log has given, and what it could not
SELECT
    log.name AS log,
    log.kind,
    log.durability,
    c.first_seq,
    c.next_seq - 1 AS last_seq,
    c.decisions,
    c.outcomes,
    c.controls,
    c.rejects,
    c.missing,
    (SELECT coalesce(sum(gap.n), 0) FROM gap WHERE gap.log = log.id AND gap.kind = 'recorded') AS lost,
    (SELECT count(*) FROM gap WHERE gap.log = log.id) AS gaps,
    (SELECT coalesce(sum(u.n), 0) FROM unknown_field AS u WHERE u.log = log.id) AS unknown_fields,
    (SELECT coalesce(sum(expired.late), 0) FROM expired WHERE expired.log = log.id) AS late,
    strftime('%Y-%m-%dT%H:%M:%S', c.first_us / 1000000, 'unixepoch') || printf('.%06dZ', c.first_us % 1000000) AS first,
    strftime('%Y-%m-%dT%H:%M:%S', c.last_us / 1000000, 'unixepoch') || printf('.%06dZ', c.last_us % 1000000) AS last,
    c.head_size AS verified_records
FROM log
JOIN cursor AS c ON c.log = log.id;
