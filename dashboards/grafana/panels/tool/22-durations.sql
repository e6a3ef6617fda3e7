-- title: How long did its calls take upstream?
-- panel: timeseries lines
-- size: 12x8
-- unit: ms
-- about: Half, 95 % and 99 % of the tool's calls took less than this, by UTC day. Upper ends of buckets: true durations
--   are up to a fifth lower.
-- reads: latency
-- time: time
WITH bucket AS (
    SELECT l.day, l.bucket, sum(l.n) AS n,
        CASE WHEN l.bucket < 4 THEN l.bucket + 1 ELSE (5 + l.bucket % 4) << (l.bucket / 4 - 2) END AS end_us
    FROM latency AS l
    CROSS JOIN tool ON tool.id = l.tool
    WHERE l.day > $__from / 1000 - 86400 AND l.day < $__to / 1000 AND l.agent = 0
        AND tool.server IN (${server:sqlstring}) AND tool.tool IN (${tool:sqlstring})
    GROUP BY l.day, l.bucket
), risen AS (
    SELECT day, end_us, sum(n) OVER (PARTITION BY day ORDER BY bucket) AS upto, sum(n) OVER (PARTITION BY day) AS calls
    FROM bucket
)
SELECT
    $__unixEpochGroupSeconds(day, 86400, NULL) AS time,
    min(CASE WHEN upto * 100 >= calls * 50 THEN end_us END) / 1000.0 AS p50,
    min(CASE WHEN upto * 100 >= calls * 95 THEN end_us END) / 1000.0 AS p95,
    min(CASE WHEN upto * 100 >= calls * 99 THEN end_us END) / 1000.0 AS p99
FROM risen
GROUP BY 1
ORDER BY 1
