-- title: Failed
-- panel: stat
-- size: 4x4
-- unit: percentunit
-- about: Share of the calls that have an outcome which is an error: tool_error, rpc_error, http_error, timeout,
--   upstream_down or overloaded. The word says "look" from 5 % on.
-- reads: rollup_hour
WITH failed AS (
    SELECT 1.0 * sum(r.n * outcome.is_error) / sum(r.n) AS share
    FROM rollup_hour AS r
    CROSS JOIN actor ON actor.id = r.actor
    CROSS JOIN tool ON tool.id = r.tool
    CROSS JOIN outcome ON outcome.id = r.outcome
    WHERE r.hour > $__from / 1000 - 3600 AND r.hour < $__to / 1000 AND outcome.name <> ''
        AND coalesce(nullif(actor.agent, ''), '(unresolved)') IN (${agent:sqlstring})
        AND tool.server IN (${server:sqlstring})
)
SELECT share, CASE WHEN share >= 0.05 THEN 'look' ELSE 'ok' END AS word FROM failed WHERE share IS NOT NULL
