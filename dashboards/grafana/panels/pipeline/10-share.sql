-- title: Coverage
-- panel: stat
-- size: 6x4
-- unit: percentunit
-- about: Of the records that the logs had or should have had, since loading began, the share that is in the warehouse.
--   Lost records are those that a gateway says it could not write. The word says "look" below 100 %.
-- reads: log, cursor, gap
WITH sums AS (
    SELECT sum(c.decisions + c.outcomes + c.controls) AS loaded, sum(c.rejects + c.missing) AS absent,
        sum((SELECT coalesce(sum(gap.n), 0) FROM gap WHERE gap.log = c.log AND gap.kind = 'recorded')) AS lost
    FROM cursor AS c
    JOIN log ON log.id = c.log AND log.name IN (${log:sqlstring})
)
SELECT
    1.0 * loaded / (loaded + absent + lost) AS share,
    CASE WHEN absent + lost > 0 THEN 'look' ELSE 'ok' END AS word
FROM sums
WHERE loaded > 0
