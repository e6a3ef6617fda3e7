-- title: Pages
-- panel: stat
-- size: 6x4
-- unit: locale
-- about: Those of severity page: somebody was to be woken.
-- reads: alert
SELECT count(*) AS pages
FROM alert
WHERE start_us >= $__from * 1000 AND start_us < $__to * 1000 AND severity = 'page'
    AND coalesce(agent, '(none)') IN (${agent:sqlstring})
