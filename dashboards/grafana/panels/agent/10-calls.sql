-- title: Calls
-- panel: stat
-- size: 4x4
-- unit: locale
-- about: Calls of the agent in the whole UTC hours that touch the window.
-- reads: rollup_hour
SELECT sum(r.n) AS calls
FROM rollup_hour AS r
CROSS JOIN actor ON actor.id = r.actor
WHERE r.hour > $__from / 1000 - 3600 AND r.hour < $__to / 1000
    AND coalesce(nullif(actor.agent, ''), '(unresolved)') IN (${agent:sqlstring})
