-- title: Rejects
-- panel: stat
-- size: 6x4
-- unit: locale
-- about: Lines that could not be loaded. The word says "look" where there are any.
-- reads: reject
SELECT count(*) AS rejects, CASE WHEN count(*) > 0 THEN 'look' ELSE 'ok' END AS word
FROM reject
JOIN log ON log.id = reject.id >> 40 AND log.name IN (${log:sqlstring})
