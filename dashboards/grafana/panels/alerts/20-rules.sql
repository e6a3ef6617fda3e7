-- title: When did incidents begin?
-- panel: timeseries bars
-- size: 24x8
-- unit: locale
-- about: Alerts by the UTC day in which their incident began, and by severity and rule.
-- reads: alert
-- time: time
-- series: rule
SELECT
    $__unixEpochGroupSeconds(start_us / 1000000, 86400) AS time,
    severity || ': ' || rule AS rule,
    count(*) AS alerts
FROM alert
WHERE start_us >= $__from * 1000 AND start_us < $__to * 1000 AND coalesce(agent, '(none)') IN (${agent:sqlstring})
GROUP BY 1, 2
ORDER BY 1, 2
