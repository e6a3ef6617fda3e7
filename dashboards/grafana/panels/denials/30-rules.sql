-- title: Which rules stop calls?
-- panel: table
-- size: 24x8
-- about: Calls that were denied or throttled, by rule; mode shadow only recorded them. mostly is the agent with most of
--   them: a rule that stops one agent again and again is wrong for it, or it is.
-- reads: rollup_hour
WITH stop AS (
    SELECT verdict.policy, verdict.rule, verdict.reason, verdict.decision, verdict.mode, tool.tool_id,
        coalesce(nullif(actor.agent, ''), '(unresolved)') AS agent, sum(r.n) AS n
    FROM rollup_hour AS r
    CROSS JOIN actor ON actor.id = r.actor
    CROSS JOIN tool ON tool.id = r.tool
    CROSS JOIN verdict ON verdict.id = r.verdict
    WHERE r.hour > $__from / 1000 - 3600 AND r.hour < $__to / 1000 AND verdict.decision IN ('deny', 'throttle')
        AND coalesce(nullif(actor.agent, ''), '(unresolved)') IN (${agent:sqlstring})
        AND tool.server IN (${server:sqlstring})
    GROUP BY 1, 2, 3, 4, 5, 6, 7
), by_agent AS (
    SELECT policy, rule, reason, decision, mode, agent, sum(n) AS n,
        row_number() OVER (PARTITION BY policy, rule, reason, decision, mode ORDER BY sum(n) DESC, agent) AS place
    FROM stop
    GROUP BY 1, 2, 3, 4, 5, 6
)
SELECT
    nullif(stop.policy, '') AS policy,
    coalesce(nullif(stop.rule, ''), stop.reason) AS rule,
    stop.reason,
    stop.decision,
    stop.mode,
    sum(stop.n) AS calls,
    count(DISTINCT stop.agent) AS agents,
    count(DISTINCT stop.tool_id) AS tools,
    most.agent AS mostly,
    most.n AS mostly_calls
FROM stop
JOIN by_agent AS most ON most.place = 1 AND (most.policy, most.rule, most.reason, most.decision, most.mode)
    = (stop.policy, stop.rule, stop.reason, stop.decision, stop.mode)
GROUP BY stop.policy, stop.rule, stop.reason, stop.decision, stop.mode
ORDER BY calls DESC, 2, stop.reason
