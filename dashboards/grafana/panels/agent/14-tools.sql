-- title: Tools used
-- panel: stat
-- size: 4x4
-- unit: locale
-- about: How many tools it called.
-- reads: rollup_hour
SELECT count(DISTINCT tool.tool_id) AS tools
FROM rollup_hour AS r
CROSS JOIN actor ON actor.id = r.actor
CROSS JOIN tool ON tool.id = r.tool
WHERE r.hour > $__from / 1000 - 3600 AND r.hour < $__to / 1000
    AND coalesce(nullif(actor.agent, ''), '(unresolved)') IN (${agent:sqlstring})
