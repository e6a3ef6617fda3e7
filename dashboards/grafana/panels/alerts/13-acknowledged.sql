-- title: Pages that nobody acknowledged
-- panel: stat
-- size: 6x4
-- unit: locale
-- about: Pages of the window without a transition to acknowledged, over or not. The word says "look" where there are
--   any.
-- reads: alert, alert_transition
SELECT count(*) AS pages, CASE WHEN count(*) > 0 THEN 'look' ELSE 'ok' END AS word
FROM alert
WHERE start_us >= $__from * 1000 AND start_us < $__to * 1000 AND severity = 'page'
    AND coalesce(agent, '(none)') IN (${agent:sqlstring})
    AND NOT EXISTS (SELECT 1 FROM alert_transition AS t WHERE t.alert = alert.id AND t.state = 'acknowledged')
