-- title: Which lines could not be loaded?
-- panel: table
-- size: 12x8
-- about: Lines that loading put aside, of all time, newest first; size_bytes is the line's, its first 256 bytes are in
--   the table. The first 500.
-- reads: reject
SELECT
    log.name || '/' || (reject.id & 1099511627775) AS record,
    reject.reason,
    reject.segment,
    reject.bytes AS size_bytes
FROM reject
JOIN log ON log.id = reject.id >> 40 AND log.name IN (${log:sqlstring})
ORDER BY reject.id DESC
LIMIT 500
