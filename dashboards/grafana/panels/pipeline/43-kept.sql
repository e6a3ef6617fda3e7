-- title: What retention has deleted, and what is not understood
-- panel: table
-- size: 12x8
-- about: Rows that tollgate ingest --keep has deleted, by what they were, with the time from which on they are kept;
--   and fields in records that this tollgate does not know, by name.
-- reads: kept, unknown_field
-- time: kept_from
SELECT 'deleted' AS what, name, n AS rows, from_us / 1000000.0 AS kept_from
FROM kept
WHERE n > 0
UNION ALL
SELECT 'unknown field of ' || log.name || ' (' || u.kind || ')', u.field, u.n, NULL
FROM unknown_field AS u
JOIN log ON log.id = u.log AND log.name IN (${log:sqlstring})
ORDER BY 1, 3 DESC, 2
LIMIT 500
