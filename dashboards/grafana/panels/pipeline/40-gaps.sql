-- title: What is missing?
-- panel: table
-- size: 12x8
-- about: Every hole, of all time: recorded by a gateway that could not write, or missing while loading. tollgate log
--   verify says whether a signed head covers the missing ones.
-- reads: gap
-- time: from_time to_time
SELECT
    log.name AS log,
    gap.kind,
    gap.reason,
    gap.n AS records,
    gap.first_seq,
    gap.last_seq,
    gap.from_us / 1000000.0 AS from_time,
    gap.to_us / 1000000.0 AS to_time
FROM gap
JOIN log ON log.id = gap.log AND log.name IN (${log:sqlstring})
ORDER BY gap.id DESC
LIMIT 500
