-- title: What moved against the window before?
-- panel: table
-- size: 24x8
-- about: Calls of each agent and tool in the window, and in the one of the same length before it. weight is (now -
--   before)² / (now + before): above 4 a change is hardly chance. The first 50.
-- reads: rollup_hour
-- links: agent tool
WITH both AS (
    SELECT actor.agent_id, tool.tool_id,
        sum(r.n * (r.hour <= $__from / 1000 - 3600)) AS before,
        sum(r.n * (r.hour > $__from / 1000 - 3600)) AS now
    FROM rollup_hour AS r
    CROSS JOIN actor ON actor.id = r.actor
    CROSS JOIN tool ON tool.id = r.tool
    WHERE r.hour > $__from / 1000 - 3600 - ($__to - $__from) / 1000 AND r.hour < $__to / 1000
        AND coalesce(nullif(actor.agent, ''), '(unresolved)') IN (${agent:sqlstring})
        AND tool.server IN (${server:sqlstring})
    GROUP BY actor.agent_id, tool.tool_id
)
SELECT
    coalesce(nullif(actor.agent, ''), '(unresolved)') AS agent,
    tool.server,
    tool.tool,
    before,
    now,
    now - before AS change,
    round(1.0 * (now - before) * (now - before) / (now + before), 1) AS weight
FROM both
JOIN actor ON actor.id = both.agent_id
JOIN tool ON tool.id = both.tool_id
WHERE now <> before
ORDER BY weight DESC, agent, tool.server, tool.tool
LIMIT 50
