-- title: Near a limit
-- panel: stat
-- size: 4x4
-- unit: locale
-- about: Calls that passed with their limit at least 80 % used. The word says "look" where there are any: that limit
--   may soon stop somebody.
-- reads: rollup_hour
WITH sums AS (
    SELECT sum(r.near) AS near
    FROM rollup_hour AS r
    CROSS JOIN tool ON tool.id = r.tool
    WHERE r.hour > $__from / 1000 - 3600 AND r.hour < $__to / 1000
        AND tool.server IN (${server:sqlstring}) AND tool.tool IN (${tool:sqlstring})
)
SELECT near, CASE WHEN near > 0 THEN 'look' ELSE 'ok' END AS word FROM sums WHERE near IS NOT NULL
