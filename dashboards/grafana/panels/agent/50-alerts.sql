-- title: Alerts about it
-- panel: table
-- size: 12x8
-- about: Alerts about the agent whose incident began in the window, newest first.
-- reads: alert
-- time: started
SELECT
    start_us / 1000000.0 AS started,
    severity,
    state,
    rule,
    server,
    tool,
    attempts,
    denied,
    summary
FROM alert
WHERE start_us >= $__from * 1000 AND start_us < $__to * 1000 AND agent IN (${agent:sqlstring})
ORDER BY start_us DESC, id
