-- title: Calls without an outcome
-- panel: timeseries bars
-- size: 24x6
-- unit: locale
-- about: Calls of all logs that passed or were held, and of whose end the log says nothing, beside those whose outcome
--   says that no answer came. A gateway that was killed leaves such calls; so does one that is waiting.
-- reads: rollup_hour
-- time: time
SELECT
    $__unixEpochGroupSeconds(r.hour, 3600, NULL) AS time,
    sum(r.n * (outcome.name = '' AND NOT (verdict.mode = 'enforce' AND verdict.decision IN ('deny', 'throttle'))))
        AS no_outcome,
    sum(r.n * (outcome.name = 'unanswered')) AS unanswered
FROM rollup_hour AS r
CROSS JOIN verdict ON verdict.id = r.verdict
CROSS JOIN outcome ON outcome.id = r.outcome
WHERE r.hour > $__from / 1000 - 3600 AND r.hour < $__to / 1000
GROUP BY 1
ORDER BY 1
