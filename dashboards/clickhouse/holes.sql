-- Segments that are not whole, or that no other one follows: each begins where the one before it ends.
--
-- A log's last segment is compared with what its manifest says (`next_seq`), which is not in here.

SELECT log, segment, records, next_segment, next_segment - segment - records AS missing
FROM (
    SELECT log, segment, uniqExact(seq) AS records,
        leadInFrame(toNullable(segment)) OVER (
            PARTITION BY log ORDER BY segment ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS next_segment
    FROM tollgate.records
    GROUP BY log, segment
)
WHERE missing != 0
ORDER BY log, segment;
