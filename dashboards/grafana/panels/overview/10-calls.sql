-- title: Calls
-- panel: stat
-- size: 4x4
-- unit: locale
-- about: Decided tools/call requests; a held call and the decision that ended its hold are one. Whole UTC hours that
--   touch the window.
-- reads: rollup_hour
SELECT sum(r.n) AS calls
FROM rollup_hour AS r
CROSS JOIN actor ON actor.id = r.actor
CROSS JOIN tool ON tool.id = r.tool
WHERE r.hour > $__from / 1000 - 3600 AND r.hour < $__to / 1000
    AND coalesce(nullif(actor.agent, ''), '(unresolved)') IN (${agent:sqlstring})
    AND tool.server IN (${server:sqlstring})
