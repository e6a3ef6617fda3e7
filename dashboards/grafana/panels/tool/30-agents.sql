-- title: Agents
-- panel: table
-- size: 24x8
-- about: Calls of the tool by each agent, most stopped first. peak_per_minute is the agent's busiest clock minute with
--   this tool in the UTC days that touch the window. Click an agent.
-- reads: rollup_hour, peak_minute
-- links: agent
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
        AND tool.server IN (${server:sqlstring}) AND tool.tool IN (${tool:sqlstring})
    GROUP BY actor.agent_id, tool.tool_id
)
SELECT
    coalesce(nullif(actor.agent, ''), '(unresolved)') AS agent,
    calls,
    denied,
    throttled,
    1.0 * (denied + throttled) / calls AS stopped_share,
    near,
    errors,
    (SELECT max(p.calls) FROM peak_minute AS p WHERE p.day > $__from / 1000 - 86400 AND p.day < $__to / 1000
        AND p.agent = sums.agent_id AND p.tool = sums.tool_id) AS peak_per_minute
FROM sums
JOIN actor ON actor.id = sums.agent_id
ORDER BY denied + throttled DESC, calls DESC, agent
