-- title: Active agents
-- panel: stat
-- size: 4x4
-- unit: locale
-- about: How many agents called it.
-- reads: rollup_hour
SELECT count(DISTINCT actor.agent_id) AS agents
FROM rollup_hour AS r
CROSS JOIN actor ON actor.id = r.actor
CROSS JOIN tool ON tool.id = r.tool
WHERE r.hour > $__from / 1000 - 3600 AND r.hour < $__to / 1000
    AND tool.server IN (${server:sqlstring}) AND tool.tool IN (${tool:sqlstring})
