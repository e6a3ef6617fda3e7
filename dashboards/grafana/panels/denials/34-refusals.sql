-- title: Who was refused before any policy?
-- panel: table
-- size: 24x8
-- about: Requests without a valid token, malformed, too large, or in a flood, by reason: an attack, or a client that is
--   broken. Refusals that are alike are counted together.
-- reads: request_hour
-- time: first_hour last_hour
SELECT
    verdict.reason,
    verdict.decision,
    coalesce(nullif(actor.agent, ''), '(unresolved)') AS agent,
    tool.server,
    tool.method,
    sum(r.n) AS requests,
    min(r.hour) AS first_hour,
    max(r.hour) AS last_hour
FROM request_hour AS r
CROSS JOIN actor ON actor.id = r.actor
CROSS JOIN tool ON tool.id = r.tool
CROSS JOIN verdict ON verdict.id = r.verdict
WHERE r.hour > $__from / 1000 - 3600 AND r.hour < $__to / 1000
    AND verdict.decision IN ('deny', 'throttle') AND verdict.mode = 'enforce'
    AND coalesce(nullif(actor.agent, ''), '(unresolved)') IN (${agent:sqlstring})
    AND tool.server IN (${server:sqlstring})
GROUP BY verdict.reason, verdict.decision, actor.agent_id, tool.server, tool.method
ORDER BY requests DESC, verdict.reason, 3, tool.server, tool.method
