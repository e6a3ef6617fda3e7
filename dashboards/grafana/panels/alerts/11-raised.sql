-- title: Alerts
-- panel: stat
-- size: 6x4
-- unit: locale
-- about: Alerts whose incident began in the window.
-- reads: alert
SELECT count(*) AS alerts
FROM alert
WHERE start_us >= $__from * 1000 AND start_us < $__to * 1000 AND coalesce(agent, '(none)') IN (${agent:sqlstring})
