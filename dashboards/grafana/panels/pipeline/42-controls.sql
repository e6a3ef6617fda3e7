-- title: What happened to the gateways?
-- panel: table
-- size: 12x8
-- about: Control records of the window, but alerts: logs opened and closed, policies loaded, approvals, gaps, clock
--   steps. Newest first, 200 of them.
-- reads: all of control_event, which is small
-- time: time
SELECT
    control_event.ts_us / 1000000.0 AS time,
    log.name AS log,
    control_event.event,
    control_event.agent,
    control_event.server,
    control_event.tool,
    control_event.reason,
    log.name || '/' || (control_event.id & 1099511627775) AS record
FROM control_event
JOIN log ON log.id = control_event.id >> 40 AND log.name IN (${log:sqlstring})
WHERE control_event.ts_us >= $__from * 1000 AND control_event.ts_us < $__to * 1000
ORDER BY control_event.ts_us DESC, control_event.id DESC
LIMIT 200
