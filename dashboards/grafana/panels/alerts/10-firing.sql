-- title: Firing now
-- panel: stat
-- size: 6x4
-- unit: locale
-- about: Alerts that nobody has acknowledged or silenced and that have not ended, whenever they began. The word says
--   "act" where one is a page, "look" where there are others.
-- reads: alert
SELECT
    count(*) AS firing,
    CASE WHEN coalesce(max(severity = 'page'), 0) THEN 'act' WHEN count(*) > 0 THEN 'look' ELSE 'ok' END AS word
FROM alert
WHERE state = 'firing' AND coalesce(agent, '(none)') IN (${agent:sqlstring})
