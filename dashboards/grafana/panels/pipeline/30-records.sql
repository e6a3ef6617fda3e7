-- title: How much does each log grow?
-- panel: timeseries bars
-- size: 24x8
-- unit: locale
-- about: Seqs from a log's first to its last request in each hour: requests, and the outcomes and control records
--   between them. Clock steps can count some twice.
-- reads: hour
-- time: time
-- series: log
SELECT
    $__unixEpochGroupSeconds(hour.hour, 3600) AS time,
    log.name AS log,
    sum(hour.last_seq - hour.first_seq + 1) AS records
FROM hour
JOIN log ON log.id = hour.log AND log.name IN (${log:sqlstring})
WHERE hour.hour > $__from / 1000 - 3600 AND hour.hour < $__to / 1000
GROUP BY 1, 2
ORDER BY 1, 2
