-- title: Agents
-- panel: table
-- size: 24x10
-- about: Calls of each agent, most stopped first. stopped_share counts what was denied or throttled in mode enforce;
--   peak_per_minute is the busiest clock minute of the UTC days that touch the window, on all servers. Click an agent.
-- reads: rollup_hour, peak_minute
-- links: agent
WITH sums AS (
    SELECT
        actor.agent_id,
        sum(r.n) AS calls,
        sum(r.n * (verdict.decision = 'deny' AND verdict.mode = 'enforce')) AS denied,
        sum(r.n * (verdict.decision = 'throttle' AND verdict.mode = 'enforce')) AS throttled,
        sum(r.n * (verdict.decision = 'hold')) AS held,
        sum(r.n * (verdict.decision IN ('deny', 'throttle') AND verdict.mode = 'shadow')) AS would_stop,
        sum(r.n * outcome.is_error) AS errors,
        count(DISTINCT tool.tool_id) AS tools
    FROM rollup_hour AS r
    CROSS JOIN actor ON actor.id = r.actor
    CROSS JOIN tool ON tool.id = r.tool
    CROSS JOIN verdict ON verdict.id = r.verdict
    CROSS JOIN outcome ON outcome.id = r.outcome
    WHERE r.hour > $__from / 1000 - 3600 AND r.hour < $__to / 1000
        AND coalesce(nullif(actor.agent, ''), '(unresolved)') IN (${agent:sqlstring})
        AND tool.server IN (${server:sqlstring})
    GROUP BY actor.agent_id
)
SELECT
    coalesce(nullif(actor.agent, ''), '(unresolved)') AS agent,
    calls,
    denied,
    throttled,
    1.0 * (denied + throttled) / calls AS stopped_share,
    held,
    would_stop,
    errors,
    tools,
    (SELECT max(p.calls) FROM peak_minute AS p
        WHERE p.day > $__from / 1000 - 86400 AND p.day < $__to / 1000 AND p.agent = sums.agent_id AND p.tool = 0)
        AS peak_per_minute
FROM sums
JOIN actor ON actor.id = sums.agent_id
ORDER BY denied + throttled DESC, calls DESC, agent
