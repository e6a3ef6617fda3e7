-- title: Gaps
-- panel: stat
-- size: 6x4
-- unit: locale
-- about: Holes in the logs: gap records of a gateway, and runs of seqs that a log no longer holds. The word says "look"
--   where there are any.
-- reads: gap
SELECT count(*) AS gaps, CASE WHEN count(*) > 0 THEN 'look' ELSE 'ok' END AS word
FROM gap
JOIN log ON log.id = gap.log AND log.name IN (${log:sqlstring})
