-- title: Which rules earn their pages?
-- panel: table
-- size: 12x10
-- about: Alerts of the window by rule: how many, of how many agents, acknowledged by somebody, silenced or inhibited;
--   half of them were raised within median_after_s of the incident's start.
-- reads: alert, alert_transition
WITH raised AS (
    SELECT rule, severity, agent, (raised_us - start_us) / 1000000.0 AS after_s,
        EXISTS (SELECT 1 FROM alert_transition AS t
            WHERE t.alert = alert.id AND t.state = 'acknowledged') AS acknowledged,
        EXISTS (SELECT 1 FROM alert_transition AS t
            WHERE t.alert = alert.id AND t.state IN ('silenced', 'inhibited')) AS muted
    FROM alert
    WHERE start_us >= $__from * 1000 AND start_us < $__to * 1000 AND coalesce(agent, '(none)') IN (${agent:sqlstring})
), ranked AS (
    SELECT *, row_number() OVER (PARTITION BY rule, severity ORDER BY after_s) AS place,
        count(*) OVER (PARTITION BY rule, severity) AS alerts
    FROM raised
)
SELECT
    rule,
    severity,
    count(*) AS alerts,
    count(DISTINCT agent) AS agents,
    sum(acknowledged) AS acknowledged,
    sum(muted) AS muted,
    min(CASE WHEN place = (alerts + 1) / 2 THEN after_s END) AS median_after_s
FROM ranked
GROUP BY rule, severity
ORDER BY alerts DESC, rule, severity
