-- Loads one segment as it is: gzip'd lines of JSON.
--
-- Parameters: log, the origin from the log's identity.json; segment, the file's name as a number; the file itself
-- follows, as the body.
-- Then run fold.sql with the same log and segment.

INSERT INTO tollgate.records
SELECT {log:String}, {segment:UInt64}, *
FROM input('
        seq UInt64, ts DateTime64(6, ''UTC''), kind LowCardinality(String), gateway LowCardinality(String),
        agent LowCardinality(String), grant LowCardinality(String), identity LowCardinality(String), session String,
        client LowCardinality(String), server LowCardinality(String), method LowCardinality(String),
        tool LowCardinality(String), unlisted Bool, risk LowCardinality(String), arg_digest String,
        arg_bytes Nullable(UInt64), decision LowCardinality(String), of Nullable(UInt64),
        mode LowCardinality(String), reason LowCardinality(String), rule LowCardinality(String),
        message LowCardinality(String), policy LowCardinality(String), policy_digest LowCardinality(String),
        limit_counter LowCardinality(String), limit_window_s UInt64, limit_max UInt64, limit_used Nullable(UInt64),
        retry_after_ms Nullable(UInt64), n Nullable(UInt64), decide_us Nullable(UInt64),
        outcome LowCardinality(String), code Nullable(Int64), wait_us Nullable(UInt64),
        upstream_us Nullable(UInt64), result_bytes Nullable(UInt64), result_digest String,
        event LowCardinality(String)
    ')
SETTINGS date_time_input_format = 'best_effort', input_format_skip_unknown_fields = 1
FORMAT JSONEachRow
