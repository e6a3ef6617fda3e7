-- title: Peak per minute
-- panel: stat
-- size: 4x4
-- unit: locale
-- about: Its busiest clock minute, all agents together, in the UTC days that touch the window.
-- reads: peak_minute
SELECT max(p.calls) AS calls
FROM peak_minute AS p
CROSS JOIN tool ON tool.id = p.tool
WHERE p.day > $__from / 1000 - 86400 AND p.day < $__to / 1000 AND p.agent = 0
    AND tool.server IN (${server:sqlstring}) AND tool.tool IN (${tool:sqlstring})
