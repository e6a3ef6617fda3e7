-- What moved, the seven days from `since` on beside the seven before, as question 14 of docs/WAREHOUSE.md.

WITH {since:DateTime64(6, 'UTC')} AS start
SELECT
    if(agent = '', '(unresolved)', agent) AS who,
    server,
    tool,
    countIf(ts < start) AS before,
    countIf(ts >= start) AS now,
    toInt64(now) - toInt64(before) AS change,
    floor(change * change * 10 / (now + before) + 0.5) / 10 AS weight
FROM tollgate.calls FINAL
WHERE ts >= start - INTERVAL 7 DAY AND ts < start + INTERVAL 7 DAY
GROUP BY who, server, tool
HAVING change != 0
ORDER BY weight DESC, who, server, tool;
