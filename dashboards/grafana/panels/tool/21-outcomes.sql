-- title: How did its calls end?
-- panel: timeseries bars
-- size: 12x8
-- unit: locale
-- about: Calls that went upstream, by outcome. no_outcome: passed or held, and nothing is known of the end yet.
-- reads: rollup_hour
-- time: time
-- series: outcome
SELECT
    $__unixEpochGroupSeconds(r.hour, $step) AS time,
    coalesce(nullif(outcome.name, ''), 'no_outcome') AS outcome,
    sum(r.n) AS calls
FROM rollup_hour AS r
CROSS JOIN tool ON tool.id = r.tool
CROSS JOIN outcome ON outcome.id = r.outcome
CROSS JOIN verdict ON verdict.id = r.verdict
WHERE r.hour > $__from / 1000 - 3600 AND r.hour < $__to / 1000
    AND tool.server IN (${server:sqlstring}) AND tool.tool IN (${tool:sqlstring})
    AND NOT (outcome.name = '' AND verdict.mode = 'enforce' AND verdict.decision IN ('deny', 'throttle'))
GROUP BY 1, 2
ORDER BY 1, 2
