-- title: Newest stopped calls
-- panel: table
-- size: 24x8
-- about: Its last 100 calls in the window that were denied or throttled in mode enforce. same_arguments is how many of
--   its stopped calls in the window had the same tool and the same arguments. record is log and seq.
-- reads: raw rows of call, found by the index of stopped calls
-- time: time
-- links: tool
WITH stopped AS (
    SELECT call.*, actor.agent_id
    FROM call
    CROSS JOIN actor ON actor.id = call.actor
    WHERE call.mark = 1 AND call.ts_us >= $__from * 1000 AND call.ts_us < $__to * 1000
        AND coalesce(nullif(actor.agent, ''), '(unresolved)') IN (${agent:sqlstring})
)
SELECT
    stopped.ts_us / 1000000.0 AS time,
    tool.server,
    tool.tool,
    verdict.decision,
    verdict.reason,
    nullif(verdict.rule, '') AS rule,
    rare.retry_after_ms / 1000.0 AS retry_after_s,
    CASE WHEN stopped.arg_digest IS NOT NULL
        THEN count(*) OVER (PARTITION BY stopped.agent_id, tool.tool_id, stopped.arg_digest) END AS same_arguments,
    log.name || '/' || (stopped.id & 1099511627775) AS record
FROM stopped
JOIN log ON log.id = stopped.id >> 40
JOIN tool ON tool.id = stopped.tool
JOIN verdict ON verdict.id = stopped.verdict
LEFT JOIN call_rare AS rare ON rare.id = stopped.id
ORDER BY time DESC, stopped.id DESC
LIMIT 100
