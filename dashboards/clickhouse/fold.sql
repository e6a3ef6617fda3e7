-- Makes calls of what a segment brought: its decisions, and earlier ones whose end or outcome it has.
--
-- Parameters: log, segment. May be run again: a call is written anew with all that is known, and the row that knows
-- most is the one that counts. An outcome before its decision waits in tollgate.records for it.

INSERT INTO tollgate.calls
WITH
    ends AS ( -- decisions that ended a hold
        SELECT assumeNotNull(of) AS held, seq, ts, decision, mode, reason, rule, message, policy, policy_digest,
            limit_counter, limit_window_s, limit_max, limit_used, retry_after_ms
        FROM tollgate.records FINAL
        WHERE log = {log:String} AND kind = 'decision' AND method = 'tools/call' AND of IS NOT NULL AND n IS NULL
    ),
    touched AS ( -- the first decisions that this segment says something of
        SELECT if(e.seq > 0, e.held, r.root) AS seq
        FROM (
            SELECT if(kind = 'decision', ifNull(of, seq), assumeNotNull(of)) AS root
            FROM tollgate.records
            WHERE log = {log:String} AND segment = {segment:UInt64} AND kind IN ('decision', 'outcome')
        ) AS r
        LEFT ANY JOIN ends AS e ON e.seq = r.root
    ),
    outcomes AS (
        SELECT if(e.seq > 0, e.held, assumeNotNull(r.of)) AS root, r.outcome AS outcome, r.code AS code,
            r.wait_us AS wait_us, r.upstream_us AS upstream_us, r.result_bytes AS result_bytes,
            r.result_digest AS result_digest
        FROM (
            SELECT seq, of, outcome, code, wait_us, upstream_us, result_bytes, result_digest
            FROM tollgate.records FINAL
            WHERE log = {log:String} AND kind = 'outcome'
                AND seq >= (SELECT min(seq) FROM touched)
            ORDER BY seq
            LIMIT 1 BY of
        ) AS r
        LEFT ANY JOIN ends AS e ON e.seq = r.of
    )
SELECT
    d.log, d.seq, d.ts, d.agent, d.grant, d.server,
    if(d.unlisted, '(unlisted)', d.tool),
    d.risk,
    if(e.seq > 0, e.decision, d.decision),
    if(e.seq > 0, e.mode, d.mode),
    if(e.seq > 0, e.reason, d.reason),
    if(e.seq > 0, e.rule, d.rule),
    if(e.seq > 0, e.message, d.message),
    if(e.seq > 0, e.policy, d.policy),
    if(e.seq > 0, e.policy_digest, d.policy_digest),
    o.outcome, o.code, d.decide_us,
    if(o.wait_us IS NULL AND e.seq > 0, toUInt64(greatest(0, dateDiff('microsecond', d.ts, e.ts))), o.wait_us),
    o.upstream_us,
    if(d.arg_digest = '', NULL, reinterpretAsUInt64(reverse(unhex(d.arg_digest)))),
    d.arg_bytes,
    if(o.result_digest = '', NULL, reinterpretAsUInt64(reverse(unhex(o.result_digest)))),
    o.result_bytes,
    if(e.seq > 0, e.limit_counter, d.limit_counter),
    if(e.seq > 0, e.limit_window_s, d.limit_window_s),
    if(e.seq > 0, e.limit_max, d.limit_max),
    if(e.seq > 0, e.limit_used, d.limit_used),
    if(e.seq > 0, e.retry_after_ms, d.retry_after_ms),
    d.client, d.session,
    if(e.seq > 0, e.seq, NULL),
    (e.seq > 0) + (o.outcome != '')
FROM (
    SELECT *
    FROM tollgate.records FINAL
    WHERE log = {log:String} AND kind = 'decision' AND method = 'tools/call' AND of IS NULL AND n IS NULL
        AND seq IN (SELECT seq FROM touched)
) AS d
LEFT ANY JOIN ends AS e ON e.held = d.seq
LEFT ANY JOIN outcomes AS o ON o.root = d.seq;
