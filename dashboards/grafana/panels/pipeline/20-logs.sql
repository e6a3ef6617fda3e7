-- title: What has each log given?
-- panel: table
-- size: 24x8
-- about: Each log with the seqs that are loaded, by kind of record, and what is absent. verified_records is how many a
--   signed head covered when it was checked; age_s is how old the newest record is.
-- reads: coverage
-- time: first last
SELECT
    c.log,
    c.kind,
    c.durability,
    c.first_seq,
    c.last_seq,
    c.decisions,
    c.outcomes,
    c.controls,
    c.rejects,
    c.missing,
    c.lost,
    c.gaps,
    c.unknown_fields,
    c.late,
    c.verified_records,
    CAST(strftime('%s', c.first) AS REAL) AS first,
    CAST(strftime('%s', c.last) AS REAL) AS last,
    1.0 * max(0, strftime('%s', 'now') - strftime('%s', c.last)) AS age_s
FROM coverage AS c
WHERE c.log IN (${log:sqlstring})
ORDER BY c.kind, c.log
