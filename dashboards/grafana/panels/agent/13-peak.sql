-- title: Peak per minute
-- panel: stat
-- size: 4x4
-- unit: locale
-- about: Its busiest clock minute, all tools together, in the UTC days that touch the window.
-- reads: peak_minute
SELECT max(p.calls) AS calls
FROM peak_minute AS p
CROSS JOIN actor ON actor.id = p.agent
WHERE p.day > $__from / 1000 - 86400 AND p.day < $__to / 1000 AND p.tool = 0
    AND coalesce(nullif(actor.agent, ''), '(unresolved)') IN (${agent:sqlstring})
