-- title: Tools
-- panel: table
-- size: 24x8
-- about: Its calls of each tool, most called first. peak_per_minute is this agent's busiest clock minute with the tool
--   in the UTC days that touch the window; first_call is its first ever. Click a tool.
-- reads: rollup_hour, peak_minute, first_use
-- time: first_call
-- links: tool
WITH sums AS (
    SELECT
        actor.agent_id,
        tool.tool_id,
        sum(r.n) AS calls,
        sum(r.n * (verdict.decision = 'deny' AND verdict.mode = 'enforce')) AS denied,
        sum(r.n * (verdict.decision = 'throttle' AND verdict.mode = 'enforce')) AS throttled,
        sum(r.near) AS near,
        sum(r.n * outcome.is_error) AS errors
    FROM rollup_hour AS r
    CROSS JOIN actor ON actor.id = r.actor
    CROSS JOIN tool ON tool.id = r.tool
    CROSS JOIN verdict ON verdict.id = r.verdict
    CROSS JOIN outcome ON outcome.id = r.outcome
    WHERE r.hour > $__from / 1000 - 3600 AND r.hour < $__to / 1000
        AND coalesce(nullif(actor.agent, ''), '(unresolved)') IN (${agent:sqlstring})
    GROUP BY actor.agent_id, tool.tool_id
)
SELECT
    tool.server,
    tool.tool,
    (SELECT nullif(t.risk, '') FROM tool AS t WHERE t.tool_id = sums.tool_id ORDER BY t.id DESC LIMIT 1) AS risk,
    calls,
    denied,
    throttled,
    1.0 * (denied + throttled) / calls AS stopped_share,
    near,
    errors,
    (SELECT max(p.calls) FROM peak_minute AS p WHERE p.day > $__from / 1000 - 86400 AND p.day < $__to / 1000
        AND p.agent = sums.agent_id AND p.tool = sums.tool_id) AS peak_per_minute,
    first_use.ts_us / 1000000.0 AS first_call
FROM sums
JOIN tool ON tool.id = sums.tool_id
LEFT JOIN first_use ON first_use.agent = sums.agent_id AND first_use.tool = sums.tool_id
ORDER BY calls DESC, tool.server, tool.tool
