-- title: Who calls it, and when?
-- panel: timeseries bars
-- size: 12x8
-- unit: locale
-- about: Calls of the tool by the ten agents with most of them, and by all others together.
-- reads: rollup_hour
-- time: time
-- series: agent
WITH hourly AS (
    SELECT r.hour, coalesce(nullif(actor.agent, ''), '(unresolved)') AS agent, sum(r.n) AS n
    FROM rollup_hour AS r
    CROSS JOIN actor ON actor.id = r.actor
    CROSS JOIN tool ON tool.id = r.tool
    WHERE r.hour > $__from / 1000 - 3600 AND r.hour < $__to / 1000
        AND tool.server IN (${server:sqlstring}) AND tool.tool IN (${tool:sqlstring})
    GROUP BY 1, 2
), busiest AS (
    SELECT agent FROM hourly GROUP BY agent ORDER BY sum(n) DESC, agent LIMIT 10
)
SELECT
    $__unixEpochGroupSeconds(hourly.hour, $step) AS time,
    CASE WHEN agent IN busiest THEN agent ELSE '(others)' END AS agent,
    sum(n) AS calls
FROM hourly
GROUP BY 1, 2
ORDER BY 1, 2
