-- title: Failed
-- panel: stat
-- size: 4x4
-- unit: percentunit
-- about: Share of its calls with an outcome which is an error. The word says "look" from 5 % on.
-- reads: rollup_hour
WITH failed AS (
    SELECT 1.0 * sum(r.n * outcome.is_error) / sum(r.n) AS share
    FROM rollup_hour AS r
    CROSS JOIN tool ON tool.id = r.tool
    CROSS JOIN outcome ON outcome.id = r.outcome
    WHERE r.hour > $__from / 1000 - 3600 AND r.hour < $__to / 1000 AND outcome.name <> ''
        AND tool.server IN (${server:sqlstring}) AND tool.tool IN (${tool:sqlstring})
)
SELECT share, CASE WHEN share >= 0.05 THEN 'look' ELSE 'ok' END AS word FROM failed WHERE share IS NOT NULL
