-- tollgate's log in ClickHouse: the records as they were written, and the calls that they make.
--
-- Absent texts are ''. Both tables keep one row for each key, the newest version of it: read them with FINAL. So a
-- segment may be loaded twice, or in any order.

CREATE DATABASE IF NOT EXISTS tollgate;

CREATE TABLE IF NOT EXISTS tollgate.records ( -- one row per record; columns from `seq` on as in load.sql
    log LowCardinality(String),         -- the log's origin, from its identity.json
    segment UInt64,                     -- the first seq of its segment, which is the file's name
    seq UInt64 CODEC(Delta, ZSTD),
    ts DateTime64(6, 'UTC') CODEC(Delta, ZSTD),
    kind LowCardinality(String),        -- decision, outcome, control
    gateway LowCardinality(String),
    agent LowCardinality(String),
    grant LowCardinality(String),
    identity LowCardinality(String),
    session String CODEC(ZSTD),
    client LowCardinality(String),
    server LowCardinality(String),
    method LowCardinality(String),
    tool LowCardinality(String),
    unlisted Bool,
    risk LowCardinality(String),
    arg_digest String CODEC(ZSTD),
    arg_bytes Nullable(UInt64),
    decision LowCardinality(String),
    of Nullable(UInt64) CODEC(ZSTD),    -- of an outcome, and of a decision that ends a hold
    mode LowCardinality(String),
    reason LowCardinality(String),
    rule LowCardinality(String),
    message LowCardinality(String),
    policy LowCardinality(String),
    policy_digest LowCardinality(String),
    limit_counter LowCardinality(String),
    limit_window_s UInt64,
    limit_max UInt64,
    limit_used Nullable(UInt64),
    retry_after_ms Nullable(UInt64),
    n Nullable(UInt64),                 -- refusals that were counted together
    decide_us Nullable(UInt64),
    outcome LowCardinality(String),
    code Nullable(Int64),
    wait_us Nullable(UInt64),
    upstream_us Nullable(UInt64),
    result_bytes Nullable(UInt64),
    result_digest String CODEC(ZSTD),
    event LowCardinality(String)        -- of a control record
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(ts)
ORDER BY (log, seq);

CREATE TABLE IF NOT EXISTS tollgate.calls ( -- one row per decided tools/call, its hold and its outcome folded in
    log LowCardinality(String),
    seq UInt64 CODEC(ZSTD),             -- of its first decision
    ts DateTime64(6, 'UTC') CODEC(ZSTD),
    agent LowCardinality(String),
    grant LowCardinality(String),
    server LowCardinality(String),
    tool LowCardinality(String),        -- '(unlisted)' for names that the server never listed
    risk LowCardinality(String),
    decision LowCardinality(String),
    mode LowCardinality(String),
    reason LowCardinality(String),
    rule LowCardinality(String),
    message LowCardinality(String),
    policy LowCardinality(String),
    policy_digest LowCardinality(String),
    outcome LowCardinality(String),
    code Nullable(Int64),
    decide_us Nullable(UInt64),
    wait_us Nullable(UInt64),
    upstream_us Nullable(UInt64),
    arg_digest Nullable(UInt64) CODEC(ZSTD),
    arg_bytes Nullable(UInt64),
    result_digest Nullable(UInt64) CODEC(ZSTD),
    result_bytes Nullable(UInt64),
    limit_counter LowCardinality(String),
    limit_window_s UInt64,
    limit_max UInt64,
    limit_used Nullable(UInt64),
    retry_after_ms Nullable(UInt64),
    client LowCardinality(String),
    session String CODEC(ZSTD),
    final_seq Nullable(UInt64),         -- the decision that ended its hold
    parts UInt8                         -- what is known: 1 for the end of its hold, 1 for its outcome; more is newer
)
ENGINE = ReplacingMergeTree(parts)
PARTITION BY toYYYYMM(ts)
ORDER BY (server, tool, agent, ts, log, seq);
