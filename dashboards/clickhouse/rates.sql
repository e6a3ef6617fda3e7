-- How much each agent called, as `tollgate report rates` says it. Parameters: since, until.

WITH
    of_period AS (
        SELECT if(agent = '', '(unresolved)', agent) AS agent, server, tool, ts, decision, mode, outcome
        FROM tollgate.calls FINAL
        WHERE ts >= {since:DateTime64(6, 'UTC')} AND ts < {until:DateTime64(6, 'UTC')}
    ),
    peaks AS (
        SELECT agent, max(n) AS calls, argMax(minute, (n, -toUnixTimestamp(minute))) AS at
        FROM (SELECT agent, toStartOfMinute(ts) AS minute, count() AS n FROM of_period GROUP BY agent, minute)
        GROUP BY agent
    )
SELECT
    c.agent AS agent,
    count() AS calls,
    countIf(decision = 'allow' OR mode = 'shadow') AS allowed,
    countIf(decision = 'deny' AND mode = 'enforce') AS denied,
    countIf(decision = 'throttle' AND mode = 'enforce') AS throttled,
    countIf(decision = 'hold' AND mode = 'enforce') AS held,
    countIf(decision != 'allow' AND mode = 'shadow') AS would_have_stopped,
    countIf(outcome IN ('tool_error', 'rpc_error', 'http_error', 'timeout', 'upstream_down', 'overloaded')) AS errors,
    uniqExact(server, tool) AS tools,
    uniqExact(toStartOfHour(ts)) AS active_hours,
    any(p.calls) AS peak_calls,
    formatDateTime(any(p.at), '%Y-%m-%dT%H:%iZ', 'UTC') AS peak_minute
FROM of_period AS c
JOIN peaks AS p ON p.agent = c.agent
GROUP BY c.agent
ORDER BY calls DESC, agent;
