-- title: Which clients are behind it?
-- panel: table
-- size: 12x8
-- about: Grants, clients and sessions of its calls. Several clients may be one credential in several hands; a client's
--   name is what it says of itself, never proof.
-- reads: raw rows of call, those of the window, found by hour
-- time: first last
SELECT
    nullif(actor.grant_id, '') AS grant_id,
    client.name AS client,
    count(*) AS calls,
    count(DISTINCT call.session) AS sessions,
    min(call.ts_us) / 1000000.0 AS first,
    max(call.ts_us) / 1000000.0 AS last
FROM hour
CROSS JOIN call ON call.id BETWEEN hour.log << 40 | hour.first_seq AND hour.log << 40 | hour.last_seq
    AND call.ts_us >= max(hour.hour * 1000000, $__from * 1000)
    AND call.ts_us < min((hour.hour + 3600) * 1000000, $__to * 1000)
CROSS JOIN actor ON actor.id = call.actor
LEFT JOIN client ON client.id = call.client
WHERE hour.hour > $__from / 1000 - 3600 AND hour.hour < $__to / 1000
    AND coalesce(nullif(actor.agent, ''), '(unresolved)') IN (${agent:sqlstring})
GROUP BY 1, 2
ORDER BY calls DESC, 1, 2
