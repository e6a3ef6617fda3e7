-- title: Refused before any policy
-- panel: stat
-- size: 6x4
-- unit: locale
-- about: Requests without a valid token, malformed, too large, or in a flood; they are no calls, and are in no other
--   number here.
-- reads: request_hour
SELECT coalesce(sum(r.n), 0) AS requests
FROM request_hour AS r
CROSS JOIN actor ON actor.id = r.actor
CROSS JOIN tool ON tool.id = r.tool
CROSS JOIN verdict ON verdict.id = r.verdict
WHERE r.hour > $__from / 1000 - 3600 AND r.hour < $__to / 1000
    AND verdict.decision IN ('deny', 'throttle') AND verdict.mode = 'enforce'
    AND coalesce(nullif(actor.agent, ''), '(unresolved)') IN (${agent:sqlstring})
    AND tool.server IN (${server:sqlstring})
