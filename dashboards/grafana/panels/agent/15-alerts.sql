-- title: Alerts
-- panel: stat
-- size: 4x4
-- unit: locale
-- about: Alerts about the agent whose incident began in the window. The word says "act" where one is still firing.
-- reads: alert
SELECT
    count(*) AS alerts,
    CASE WHEN coalesce(max(state = 'firing'), 0) THEN 'act' WHEN count(*) > 0 THEN 'look' ELSE 'ok' END AS word
FROM alert
WHERE start_us >= $__from * 1000 AND start_us < $__to * 1000 AND agent IN (${agent:sqlstring})
