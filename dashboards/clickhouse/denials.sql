-- What was stopped, by rule, as question 2 of docs/WAREHOUSE.md. Parameters: since, until.

SELECT
    nullIf(policy, '') AS policy,
    nullIf(rule, '') AS rule,
    reason,
    decision,
    mode,
    sum(n) AS calls,
    count() AS agents,
    length(arrayDistinct(arrayFlatten(groupArray(used)))) AS tools,
    argMin(who, (-toInt64(n), who)) AS mostly
FROM (
    SELECT policy, rule, reason, decision, mode, if(agent = '', '(unresolved)', agent) AS who, count() AS n,
        groupUniqArray((server, tool)) AS used
    FROM tollgate.calls FINAL
    WHERE decision IN ('deny', 'throttle')
        AND ts >= {since:DateTime64(6, 'UTC')} AND ts < {until:DateTime64(6, 'UTC')}
    GROUP BY policy, rule, reason, decision, mode, who
)
GROUP BY policy, rule, reason, decision, mode
ORDER BY calls DESC, rule, reason, mode;
