-- title: Which alerts?
-- panel: table
-- size: 24x12
-- about: Alerts whose incident began in the window, newest first. after_s is from the start of the incident to its
--   alert; over an old log (watch --once) raised is when that ran. Click an agent or a tool.
-- reads: alert, alert_transition
-- time: started ended
-- links: agent tool
SELECT
    start_us / 1000000.0 AS started,
    end_us / 1000000.0 AS ended,
    severity,
    state,
    rule,
    agent,
    server,
    tool,
    attempts,
    denied,
    same AS same_arguments,
    (raised_us - start_us) / 1000000.0 AS after_s,
    (SELECT t.who FROM alert_transition AS t
        WHERE t.alert = alert.id AND t.state = 'acknowledged' ORDER BY t.id DESC LIMIT 1) AS acknowledged_by,
    summary,
    first_record,
    id
FROM alert
WHERE start_us >= $__from * 1000 AND start_us < $__to * 1000 AND coalesce(agent, '(none)') IN (${agent:sqlstring})
ORDER BY start_us DESC, id
