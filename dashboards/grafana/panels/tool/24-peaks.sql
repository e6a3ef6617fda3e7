-- title: Peak per minute, by day
-- panel: timeseries bars
-- size: 12x8
-- unit: locale
-- about: The busiest clock minute of each UTC day that touches the window, all agents together.
-- reads: peak_minute
-- time: time
SELECT $__unixEpochGroupSeconds(p.day, 86400, NULL) AS time, max(p.calls) AS calls_per_minute
FROM peak_minute AS p
CROSS JOIN tool ON tool.id = p.tool
WHERE p.day > $__from / 1000 - 86400 AND p.day < $__to / 1000 AND p.agent = 0
    AND tool.server IN (${server:sqlstring}) AND tool.tool IN (${tool:sqlstring})
GROUP BY 1
ORDER BY 1
