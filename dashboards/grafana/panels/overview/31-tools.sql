-- title: Tools
-- panel: table
-- size: 24x10
-- about: Calls of each tool, most stopped first. risk is its class of harm, the newest where that changed;
--   peak_per_minute is the busiest clock minute of the UTC days that touch the window, all agents together. Click a
--   tool.
-- reads: rollup_hour, peak_minute
-- links: tool
WITH sums AS (
    SELECT
        tool.tool_id,
        sum(r.n) AS calls,
        sum(r.n * (verdict.decision = 'deny' AND verdict.mode = 'enforce')) AS denied,
        sum(r.n * (verdict.decision = 'throttle' AND verdict.mode = 'enforce')) AS throttled,
        sum(r.n * outcome.is_error) AS errors,
        count(DISTINCT actor.agent_id) AS agents
    FROM rollup_hour AS r
    CROSS JOIN actor ON actor.id = r.actor
    CROSS JOIN tool ON tool.id = r.tool
    CROSS JOIN verdict ON verdict.id = r.verdict
    CROSS JOIN outcome ON outcome.id = r.outcome
    WHERE r.hour > $__from / 1000 - 3600 AND r.hour < $__to / 1000
        AND coalesce(nullif(actor.agent, ''), '(unresolved)') IN (${agent:sqlstring})
        AND tool.server IN (${server:sqlstring})
    GROUP BY tool.tool_id
)
SELECT
    tool.server,
    tool.tool,
    (SELECT nullif(t.risk, '') FROM tool AS t WHERE t.tool_id = sums.tool_id ORDER BY t.id DESC LIMIT 1) AS risk,
    calls,
    denied,
    throttled,
    1.0 * (denied + throttled) / calls AS stopped_share,
    errors,
    agents,
    (SELECT max(p.calls) FROM peak_minute AS p
        WHERE p.day > $__from / 1000 - 86400 AND p.day < $__to / 1000 AND p.agent = 0 AND p.tool = sums.tool_id)
        AS peak_per_minute
FROM sums
JOIN tool ON tool.id = sums.tool_id
ORDER BY denied + throttled DESC, calls DESC, tool.server, tool.tool
