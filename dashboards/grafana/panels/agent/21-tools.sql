-- title: Which tools, and when?
-- panel: timeseries bars
-- size: 24x8
-- unit: locale
-- about: Calls of the agent by server and tool.
-- reads: rollup_hour
-- time: time
-- series: tool
SELECT
    $__unixEpochGroupSeconds(r.hour, $step) AS time,
    tool.server || '/' || tool.tool AS tool,
    sum(r.n) AS calls
FROM rollup_hour AS r
CROSS JOIN actor ON actor.id = r.actor
CROSS JOIN tool ON tool.id = r.tool
WHERE r.hour > $__from / 1000 - 3600 AND r.hour < $__to / 1000
    AND coalesce(nullif(actor.agent, ''), '(unresolved)') IN (${agent:sqlstring})
GROUP BY 1, 2
ORDER BY 1, 2
