-- title: Who is close to a limit?
-- panel: table
-- size: 24x8
-- about: Calls that passed with their limit at least 80 % used, by agent, tool and limit; highest is the most that one
--   of them found in the window of window_s seconds.
-- reads: raw rows of call, found by the index of calls near a limit
-- time: last
-- links: agent tool
SELECT
    coalesce(nullif(actor.agent, ''), '(unresolved)') AS agent,
    tool.server,
    tool.tool,
    verdict.limit_counter AS "limit",
    verdict.limit_max AS maximum,
    verdict.limit_window_s AS window_s,
    count(*) AS calls,
    max(call.limit_used) AS highest,
    max(call.ts_us) / 1000000.0 AS last
FROM call
CROSS JOIN actor ON actor.id = call.actor
CROSS JOIN tool ON tool.id = call.tool
CROSS JOIN verdict ON verdict.id = call.verdict
WHERE call.mark = 2 AND call.ts_us >= $__from * 1000 AND call.ts_us < $__to * 1000
    AND coalesce(nullif(actor.agent, ''), '(unresolved)') IN (${agent:sqlstring})
    AND tool.server IN (${server:sqlstring})
GROUP BY actor.agent_id, tool.tool_id, verdict.limit_counter, verdict.limit_window_s, verdict.limit_max
ORDER BY calls DESC, agent, tool.server, tool.tool, 4, 5, 6
