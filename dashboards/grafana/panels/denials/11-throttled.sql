-- title: Throttled by a limit
-- panel: stat
-- size: 6x4
-- unit: locale
-- about: Calls that a limit throttled in mode enforce.
-- reads: rollup_hour
SELECT sum(r.n * (verdict.decision = 'throttle' AND verdict.mode = 'enforce')) AS throttled
FROM rollup_hour AS r
CROSS JOIN actor ON actor.id = r.actor
CROSS JOIN tool ON tool.id = r.tool
CROSS JOIN verdict ON verdict.id = r.verdict
WHERE r.hour > $__from / 1000 - 3600 AND r.hour < $__to / 1000
    AND coalesce(nullif(actor.agent, ''), '(unresolved)') IN (${agent:sqlstring})
    AND tool.server IN (${server:sqlstring})
