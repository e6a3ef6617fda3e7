-- title: What became of them?
-- panel: table
-- size: 12x10
-- about: Transitions of the window's alerts, newest first: who moved an alert to which state, and why. who is empty
--   where the detector did. The first 200.
-- reads: alert, alert_transition
-- time: time
SELECT
    t.ts_us / 1000000.0 AS time,
    alert.rule,
    alert.agent,
    t.severity,
    t.state,
    t.who,
    t.reason,
    t.alert AS id
FROM alert
JOIN alert_transition AS t ON t.alert = alert.id
WHERE alert.start_us >= $__from * 1000 AND alert.start_us < $__to * 1000
    AND coalesce(alert.agent, '(none)') IN (${agent:sqlstring})
ORDER BY t.ts_us DESC, t.id DESC
LIMIT 200
