-- title: Would be stopped
-- panel: stat
-- size: 6x4
-- unit: locale
-- about: Calls that a rule in mode shadow would have denied or throttled; they went on. Look here before you enforce
--   it.
-- reads: rollup_hour
SELECT sum(r.n * (verdict.decision IN ('deny', 'throttle') AND verdict.mode = 'shadow')) AS would_stop
FROM rollup_hour AS r
CROSS JOIN actor ON actor.id = r.actor
CROSS JOIN tool ON tool.id = r.tool
CROSS JOIN verdict ON verdict.id = r.verdict
WHERE r.hour > $__from / 1000 - 3600 AND r.hour < $__to / 1000
    AND coalesce(nullif(actor.agent, ''), '(unresolved)') IN (${agent:sqlstring})
    AND tool.server IN (${server:sqlstring})
