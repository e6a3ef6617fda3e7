-- title: What stopped it?
-- panel: table
-- size: 24x8
-- about: Its calls that were denied or throttled, or would have been in mode shadow, by rule.
-- reads: rollup_hour
SELECT
    nullif(verdict.policy, '') AS policy,
    coalesce(nullif(verdict.rule, ''), verdict.reason) AS rule,
    verdict.reason,
    verdict.decision,
    verdict.mode,
    sum(r.n) AS calls,
    count(DISTINCT tool.tool_id) AS tools
FROM rollup_hour AS r
CROSS JOIN actor ON actor.id = r.actor
CROSS JOIN tool ON tool.id = r.tool
CROSS JOIN verdict ON verdict.id = r.verdict
WHERE r.hour > $__from / 1000 - 3600 AND r.hour < $__to / 1000 AND verdict.decision IN ('deny', 'throttle')
    AND coalesce(nullif(actor.agent, ''), '(unresolved)') IN (${agent:sqlstring})
GROUP BY 1, 2, 3, 4, 5
ORDER BY calls DESC, 2, 3
