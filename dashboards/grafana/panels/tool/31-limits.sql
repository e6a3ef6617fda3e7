-- title: Limits on it
-- panel: table
-- size: 12x8
-- about: The limit that was nearest to its maximum, of the tool's calls: maximum in window_s seconds, calls it
--   throttled, and calls that passed with at least 80 % of it used.
-- reads: rollup_hour
SELECT
    nullif(verdict.policy, '') AS policy,
    verdict.limit_counter AS "limit",
    verdict.limit_max AS maximum,
    verdict.limit_window_s AS window_s,
    sum(r.n) AS calls,
    sum(r.near) AS near,
    sum(r.n * (verdict.decision = 'throttle' AND verdict.mode = 'enforce')) AS throttled
FROM rollup_hour AS r
CROSS JOIN tool ON tool.id = r.tool
CROSS JOIN verdict ON verdict.id = r.verdict
WHERE r.hour > $__from / 1000 - 3600 AND r.hour < $__to / 1000 AND verdict.limit_counter <> ''
    AND tool.server IN (${server:sqlstring}) AND tool.tool IN (${tool:sqlstring})
GROUP BY 1, 2, 3, 4
ORDER BY throttled DESC, near DESC, calls DESC, 2, 3, 4
