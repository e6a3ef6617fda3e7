-- title: Denied by a rule
-- panel: stat
-- size: 6x4
-- unit: locale
-- about: Calls that a rule denied in mode enforce, in the whole UTC hours that touch the window.
-- reads: rollup_hour
SELECT sum(r.n * (verdict.decision = 'deny' AND verdict.mode = 'enforce')) AS denied
FROM rollup_hour AS r
CROSS JOIN actor ON actor.id = r.actor
CROSS JOIN tool ON tool.id = r.tool
CROSS JOIN verdict ON verdict.id = r.verdict
WHERE r.hour > $__from / 1000 - 3600 AND r.hour < $__to / 1000
    AND coalesce(nullif(actor.agent, ''), '(unresolved)') IN (${agent:sqlstring})
    AND tool.server IN (${server:sqlstring})
