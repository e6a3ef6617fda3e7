-- title: Who tries the same again and again?
-- panel: table
-- size: 24x8
-- about: Calls with the same arguments, by the same agent, of the same tool, that the same rule stopped more than five
--   times in mode enforce: an agent that does not understand a refusal. The first 100.
-- reads: raw rows of call, found by the index of stopped calls
-- time: first last
-- links: agent tool
SELECT
    coalesce(nullif(actor.agent, ''), '(unresolved)') AS agent,
    tool.server,
    tool.tool,
    verdict.reason,
    nullif(verdict.rule, '') AS rule,
    count(*) AS calls,
    min(call.ts_us) / 1000000.0 AS first,
    max(call.ts_us) / 1000000.0 AS last,
    printf('%016x', call.arg_digest) AS arg_digest
FROM call
CROSS JOIN actor ON actor.id = call.actor
CROSS JOIN tool ON tool.id = call.tool
CROSS JOIN verdict ON verdict.id = call.verdict
WHERE call.mark = 1 AND call.ts_us >= $__from * 1000 AND call.ts_us < $__to * 1000 AND call.arg_digest IS NOT NULL
    AND coalesce(nullif(actor.agent, ''), '(unresolved)') IN (${agent:sqlstring})
    AND tool.server IN (${server:sqlstring})
GROUP BY actor.agent_id, tool.tool_id, verdict.reason, verdict.rule, call.arg_digest
HAVING count(*) > 5
ORDER BY calls DESC, first, agent
LIMIT 100
