-- title: Who is stopped, at what?
-- panel: table
-- size: 24x8
-- about: Agents and tools with calls that were denied or throttled in mode enforce, beside all their calls. Click an
--   agent or a tool.
-- reads: rollup_hour
-- links: agent tool
SELECT
    coalesce(nullif(actor.agent, ''), '(unresolved)') AS agent,
    tool.server,
    tool.tool,
    sum(r.n) AS calls,
    sum(r.n * (verdict.decision = 'deny' AND verdict.mode = 'enforce')) AS denied,
    sum(r.n * (verdict.decision = 'throttle' AND verdict.mode = 'enforce')) AS throttled,
    1.0 * sum(r.n * (verdict.decision IN ('deny', 'throttle') AND verdict.mode = 'enforce')) / sum(r.n) AS stopped_share
FROM rollup_hour AS r
CROSS JOIN actor ON actor.id = r.actor
CROSS JOIN tool ON tool.id = r.tool
CROSS JOIN verdict ON verdict.id = r.verdict
WHERE r.hour > $__from / 1000 - 3600 AND r.hour < $__to / 1000
    AND coalesce(nullif(actor.agent, ''), '(unresolved)') IN (${agent:sqlstring})
    AND tool.server IN (${server:sqlstring})
GROUP BY actor.agent_id, tool.tool_id
HAVING denied + throttled > 0
ORDER BY denied + throttled DESC, agent, tool.server, tool.tool
