-- title: What was stopped, and why?
-- panel: timeseries bars
-- size: 24x8
-- unit: locale
-- about: Calls that were denied or throttled in mode enforce, by reason.
-- reads: rollup_hour
-- time: time
-- series: reason
SELECT
    $__unixEpochGroupSeconds(r.hour, $step) AS time,
    verdict.decision || ': ' || verdict.reason AS reason,
    sum(r.n) AS calls
FROM rollup_hour AS r
CROSS JOIN actor ON actor.id = r.actor
CROSS JOIN tool ON tool.id = r.tool
CROSS JOIN verdict ON verdict.id = r.verdict
WHERE r.hour > $__from / 1000 - 3600 AND r.hour < $__to / 1000
    AND verdict.decision IN ('deny', 'throttle') AND verdict.mode = 'enforce'
    AND coalesce(nullif(actor.agent, ''), '(unresolved)') IN (${agent:sqlstring})
    AND tool.server IN (${server:sqlstring})
GROUP BY 1, 2
ORDER BY 1, 2
