-- title: Which errors?
-- panel: table
-- size: 12x8
-- about: Calls of the tool that ended in an error, by outcome and by code: JSON-RPC's or HTTP's status; empty where the
--   error has none.
-- reads: raw rows of call, those of the window, found by hour
-- time: last
SELECT
    outcome.name AS outcome,
    rare.code,
    count(*) AS calls,
    count(DISTINCT actor.agent_id) AS agents,
    max(call.ts_us) / 1000000.0 AS last
FROM hour
CROSS JOIN call ON call.id BETWEEN hour.log << 40 | hour.first_seq AND hour.log << 40 | hour.last_seq
    AND call.ts_us >= max(hour.hour * 1000000, $__from * 1000)
    AND call.ts_us < min((hour.hour + 3600) * 1000000, $__to * 1000)
CROSS JOIN outcome ON outcome.id = call.outcome
CROSS JOIN tool ON tool.id = call.tool
CROSS JOIN actor ON actor.id = call.actor
LEFT JOIN call_rare AS rare ON rare.id = call.id
WHERE hour.hour > $__from / 1000 - 3600 AND hour.hour < $__to / 1000 AND outcome.is_error
    AND tool.server IN (${server:sqlstring}) AND tool.tool IN (${tool:sqlstring})
GROUP BY 1, 2
ORDER BY calls DESC, 1, 2
