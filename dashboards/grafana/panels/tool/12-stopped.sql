-- title: Stopped
-- panel: stat
-- size: 4x4
-- unit: percentunit
-- about: Share of its calls that a rule denied or a limit throttled, in mode enforce. The word says "look" from 5 % on.
-- reads: rollup_hour
WITH stopped AS (
    SELECT 1.0 * sum(r.n * (verdict.mode = 'enforce' AND verdict.decision IN ('deny', 'throttle'))) / sum(r.n) AS share
    FROM rollup_hour AS r
    CROSS JOIN tool ON tool.id = r.tool
    CROSS JOIN verdict ON verdict.id = r.verdict
    WHERE r.hour > $__from / 1000 - 3600 AND r.hour < $__to / 1000
        AND tool.server IN (${server:sqlstring}) AND tool.tool IN (${tool:sqlstring})
)
SELECT share, CASE WHEN share >= 0.05 THEN 'look' ELSE 'ok' END AS word FROM stopped WHERE share IS NOT NULL
