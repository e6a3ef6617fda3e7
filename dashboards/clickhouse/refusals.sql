-- Who was refused before any policy, as question 20 of docs/WAREHOUSE.md. Parameters: since, until.

SELECT
    reason,
    decision,
    if(agent = '', '(unresolved)', agent) AS who,
    server,
    method,
    sum(ifNull(n, 1)) AS requests
FROM tollgate.records FINAL
WHERE kind = 'decision' AND (method != 'tools/call' OR n IS NOT NULL)
    AND decision IN ('deny', 'throttle') AND mode = 'enforce'
    AND ts >= {since:DateTime64(6, 'UTC')} AND ts < {until:DateTime64(6, 'UTC')}
GROUP BY reason, decision, who, server, method
ORDER BY requests DESC, reason, who, server, method;
