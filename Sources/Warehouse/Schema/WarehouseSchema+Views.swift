extension WarehouseSchema {
    /// The views that people query.
    static let views = """
        -- Views for people.

        CREATE VIEW calls AS -- every tools/call, newest last
        SELECT
            log.name || '/' || (call.id & 1099511627775) AS record,
            strftime('%Y-%m-%dT%H:%M:%S', call.ts_us / 1000000, 'unixepoch') || printf('.%06dZ', call.ts_us % 1000000) AS time,
            coalesce(nullif(actor.agent, ''), '(unresolved)') AS agent,
            nullif(actor.grant_id, '') AS grant_id,
            actor.identity,
            tool.server,
            tool.tool,
            nullif(tool.risk, '') AS risk,
            verdict.decision,
            verdict.mode,
            verdict.reason,
            nullif(verdict.rule, '') AS rule,
            nullif(verdict.message, '') AS message,
            nullif(verdict.policy, '') AS policy,
            nullif(verdict.policy_digest, '') AS policy_digest,
            call.mark = 1 AS stopped,
            nullif(outcome.name, '') AS outcome,
            rare.code,
            call.upstream_us / 1000.0 AS upstream_ms,
            rare.wait_us / 1000.0 AS wait_ms,
            call.decide_us,
            CASE WHEN call.arg_digest IS NOT NULL THEN printf('%016x', call.arg_digest) END AS arg_digest,
            CASE WHEN call.result_digest IS NOT NULL THEN printf('%016x', call.result_digest) END AS result_digest,
            call.arg_bytes,
            call.result_bytes,
            nullif(verdict.limit_counter, '') AS limit_counter,
            call.limit_used,
            CASE WHEN verdict.limit_counter <> '' THEN verdict.limit_max END AS limit_max,
            CASE WHEN verdict.limit_counter <> '' THEN verdict.limit_window_s END AS limit_window_s,
            call.mark = 2 AS near,
            rare.retry_after_ms,
            log.name || '/' || rare.final_seq AS ended_by,
            client.name AS client,
            session.name AS session,
            call.id
        FROM call
        JOIN log ON log.id = call.id >> 40
        JOIN actor ON actor.id = call.actor
        JOIN tool ON tool.id = call.tool
        JOIN verdict ON verdict.id = call.verdict
        JOIN outcome ON outcome.id = call.outcome
        LEFT JOIN client ON client.id = call.client
        LEFT JOIN session ON session.id = call.session
        LEFT JOIN call_rare AS rare ON rare.id = call.id;

        CREATE VIEW decisions AS -- every decided request: calls and all others
        SELECT record, time, agent, grant_id, identity, server, 'tools/call' AS method, tool, decision, mode, reason, rule,
            policy, outcome, code, upstream_ms, client, session, 1 AS n, id
        FROM calls
        UNION ALL
        SELECT
            log.name || '/' || (request.id & 1099511627775),
            strftime('%Y-%m-%dT%H:%M:%S', request.ts_us / 1000000, 'unixepoch') || printf('.%06dZ', request.ts_us % 1000000),
            coalesce(nullif(actor.agent, ''), '(unresolved)'),
            nullif(actor.grant_id, ''),
            actor.identity,
            tool.server,
            tool.method,
            nullif(tool.tool, ''),
            verdict.decision,
            verdict.mode,
            verdict.reason,
            nullif(verdict.rule, ''),
            nullif(verdict.policy, ''),
            nullif(outcome.name, ''),
            request.code,
            request.upstream_us / 1000.0,
            client.name,
            session.name,
            request.n,
            request.id
        FROM request
        JOIN log ON log.id = request.id >> 40
        JOIN actor ON actor.id = request.actor
        JOIN tool ON tool.id = request.tool
        JOIN verdict ON verdict.id = request.verdict
        JOIN outcome ON outcome.id = request.outcome
        LEFT JOIN client ON client.id = request.client
        LEFT JOIN session ON session.id = request.session;

        CREATE VIEW agents AS -- each agent's calls so far
        SELECT
            coalesce(nullif(actor.agent, ''), '(unresolved)') AS agent,
            sum(r.n) AS calls,
            sum(CASE WHEN verdict.decision = 'deny' AND verdict.mode = 'enforce' THEN r.n ELSE 0 END) AS denied,
            sum(CASE WHEN verdict.decision = 'throttle' AND verdict.mode = 'enforce' THEN r.n ELSE 0 END) AS throttled,
            sum(CASE WHEN outcome.is_error THEN r.n ELSE 0 END) AS errors,
            count(DISTINCT tool.tool_id) AS tools,
            (SELECT max(p.calls) FROM peak_minute AS p WHERE p.agent = actor.agent_id AND p.tool = 0) AS peak_per_minute,
            date(min(r.day), 'unixepoch') AS first_day,
            date(max(r.day), 'unixepoch') AS last_day
        FROM rollup_day AS r
        JOIN actor ON actor.id = r.actor
        JOIN tool ON tool.id = r.tool
        JOIN verdict ON verdict.id = r.verdict
        JOIN outcome ON outcome.id = r.outcome
        GROUP BY actor.agent_id;

        CREATE VIEW tools AS -- each tool's calls so far
        SELECT
            tool.server,
            tool.tool,
            (SELECT nullif(t.risk, '') FROM tool AS t WHERE t.tool_id = tool.tool_id ORDER BY t.id DESC LIMIT 1) AS risk,
            sum(r.n) AS calls,
            sum(CASE WHEN verdict.decision = 'deny' AND verdict.mode = 'enforce' THEN r.n ELSE 0 END) AS denied,
            sum(CASE WHEN verdict.decision = 'throttle' AND verdict.mode = 'enforce' THEN r.n ELSE 0 END) AS throttled,
            sum(CASE WHEN outcome.is_error THEN r.n ELSE 0 END) AS errors,
            count(DISTINCT actor.agent_id) AS agents,
            (SELECT max(p.calls) FROM peak_minute AS p WHERE p.agent = 0 AND p.tool = tool.tool_id) AS peak_per_minute,
            date(min(r.day), 'unixepoch') AS first_day,
            date(max(r.day), 'unixepoch') AS last_day
        FROM rollup_day AS r
        JOIN actor ON actor.id = r.actor
        JOIN tool ON tool.id = r.tool
        JOIN verdict ON verdict.id = r.verdict
        JOIN outcome ON outcome.id = r.outcome
        GROUP BY tool.tool_id;

        CREATE VIEW rules AS -- what each rule decided so far
        SELECT
            nullif(verdict.policy, '') AS policy,
            nullif(verdict.rule, '') AS rule,
            verdict.reason,
            verdict.decision,
            verdict.mode,
            sum(r.n) AS calls,
            count(DISTINCT actor.agent_id) AS agents,
            count(DISTINCT tool.tool_id) AS tools,
            date(min(r.day), 'unixepoch') AS first_day,
            date(max(r.day), 'unixepoch') AS last_day
        FROM rollup_day AS r
        JOIN actor ON actor.id = r.actor
        JOIN tool ON tool.id = r.tool
        JOIN verdict ON verdict.id = r.verdict
        GROUP BY verdict.policy, verdict.rule, verdict.reason, verdict.decision, verdict.mode;

        CREATE VIEW alerts AS -- every alert as it stands
        SELECT
            alert.id,
            strftime('%Y-%m-%dT%H:%M:%S', start_us / 1000000, 'unixepoch') || printf('.%06dZ', start_us % 1000000) AS started,
            strftime('%Y-%m-%dT%H:%M:%S', raised_us / 1000000, 'unixepoch') || printf('.%06dZ', raised_us % 1000000) AS raised,
            strftime('%Y-%m-%dT%H:%M:%S', end_us / 1000000, 'unixepoch') || printf('.%06dZ', end_us % 1000000) AS ended,
            rule,
            severity,
            state,
            agent,
            server,
            tool,
            summary,
            attempts,
            denied,
            same,
            first_record,
            last_record
        FROM alert;

        CREATE VIEW coverage AS -- what each log has given, and what it could not
        SELECT
            log.name AS log,
            log.kind,
            log.durability,
            c.first_seq,
            c.next_seq - 1 AS last_seq,
            c.decisions,
            c.outcomes,
            c.controls,
            c.rejects,
            c.missing,
            (SELECT coalesce(sum(gap.n), 0) FROM gap WHERE gap.log = log.id AND gap.kind = 'recorded') AS lost,
            (SELECT count(*) FROM gap WHERE gap.log = log.id) AS gaps,
            (SELECT coalesce(sum(u.n), 0) FROM unknown_field AS u WHERE u.log = log.id) AS unknown_fields,
            (SELECT coalesce(sum(expired.late), 0) FROM expired WHERE expired.log = log.id) AS late,
            strftime('%Y-%m-%dT%H:%M:%S', c.first_us / 1000000, 'unixepoch') || printf('.%06dZ', c.first_us % 1000000) AS first,
            strftime('%Y-%m-%dT%H:%M:%S', c.last_us / 1000000, 'unixepoch') || printf('.%06dZ', c.last_us % 1000000) AS last,
            c.head_size AS verified_records
        FROM log
        JOIN cursor AS c ON c.log = log.id;

        """
}
