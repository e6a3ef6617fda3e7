-- title: Records missing
-- panel: stat
-- size: 4x4
-- unit: locale
-- about: Records of all logs and all time that this warehouse lacks: said by a gateway to be lost, no longer in the
--   log, or not loadable. The word says "look" above 0: counts may be too low, and the Pipeline dashboard says where.
-- reads: coverage
SELECT
    sum(missing + lost + rejects) AS records,
    CASE WHEN sum(missing + lost + rejects) > 0 THEN 'look' ELSE 'ok' END AS word
FROM coverage
