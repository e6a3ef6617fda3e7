-- title: Newest record
-- panel: stat
-- size: 6x4
-- unit: dtdurations
-- about: Age of the newest record of any gateway's log. Loading lags by no more than this; a gateway without calls
--   looks the same. The word says "look" from one hour on.
-- reads: cursor
WITH newest AS (
    SELECT max(0.0, strftime('%s', 'now') - max(c.last_us) / 1000000.0) AS age_s
    FROM cursor AS c
    JOIN log ON log.id = c.log AND log.name IN (${log:sqlstring}) AND log.kind <> 'watch'
)
SELECT age_s, CASE WHEN age_s >= 3600 THEN 'look' ELSE 'ok' END AS word FROM newest WHERE age_s IS NOT NULL
