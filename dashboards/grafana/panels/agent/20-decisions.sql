-- title: How were its calls decided?
-- panel: timeseries bars
-- size: 24x8
-- unit: locale
-- about: Calls of the agent by decision. would_stop is what a rule in mode shadow would have stopped: those calls went
--   on.
-- reads: rollup_hour
-- time: time
SELECT
    $__unixEpochGroupSeconds(r.hour, $step, NULL) AS time,
    sum(r.n * (verdict.decision = 'allow')) AS allowed,
    sum(r.n * (verdict.decision = 'deny' AND verdict.mode = 'enforce')) AS denied,
    sum(r.n * (verdict.decision = 'throttle' AND verdict.mode = 'enforce')) AS throttled,
    sum(r.n * (verdict.decision = 'hold')) AS held,
    sum(r.n * (verdict.decision IN ('deny', 'throttle') AND verdict.mode = 'shadow')) AS would_stop
FROM rollup_hour AS r
CROSS JOIN actor ON actor.id = r.actor
CROSS JOIN verdict ON verdict.id = r.verdict
WHERE r.hour > $__from / 1000 - 3600 AND r.hour < $__to / 1000
    AND coalesce(nullif(actor.agent, ''), '(unresolved)') IN (${agent:sqlstring})
GROUP BY 1
ORDER BY 1
