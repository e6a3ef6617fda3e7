/// Writes rows of `call`, `call_rare` and `request`, and finds those that a later record changes.
final class RequestTable {
    private let insertCall: SQLiteStatement
    private let putRare: SQLiteStatement
    private let insertRequest: SQLiteStatement
    private let findCall: SQLiteStatement
    private let findHeldCall: SQLiteStatement
    private let updateCall: SQLiteStatement
    private let findRequest: SQLiteStatement
    private let updateRequest: SQLiteStatement

    init(_ connection: SQLiteConnection) throws(WarehouseError) {
        insertCall = try connection.prepare(
            """
            INSERT INTO call (id, ts_us, actor, tool, verdict, outcome, mark, session, client, decide_us, upstream_us,
                arg_digest, arg_bytes, result_digest, result_bytes, limit_used)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """)
        // What a call has once it keeps: later records only add.
        putRare = try connection.prepare(
            """
            INSERT INTO call_rare (id, code, wait_us, retry_after_ms, final_seq) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET code = excluded.code, wait_us = excluded.wait_us,
                retry_after_ms = excluded.retry_after_ms, final_seq = excluded.final_seq
            """)
        insertRequest = try connection.prepare(
            """
            INSERT INTO request (id, ts_us, actor, tool, verdict, outcome, session, client, code, decide_us, upstream_us,
                n)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """)
        let call = """
            SELECT call.id, ts_us, actor, agent_id, call.tool, tool_id, verdict, outcome, mark, wait_us,
                upstream_us, limit_used, retry_after_ms, final_seq
            FROM call JOIN actor ON actor.id = call.actor JOIN tool ON tool.id = call.tool
                LEFT JOIN call_rare ON call_rare.id = call.id
            """
        findCall = try connection.prepare(call + " WHERE call.id = ?")
        findHeldCall = try connection.prepare(call + " WHERE final_seq = ? AND call.id >> 40 = ?")
        updateCall = try connection.prepare(
            """
            UPDATE call SET verdict = ?2, outcome = ?3, mark = ?4, upstream_us = ?5, result_digest = ?6,
                result_bytes = ?7, limit_used = ?8
            WHERE id = ?1
            """)
        findRequest = try connection.prepare("SELECT outcome FROM request WHERE id = ?")
        updateRequest = try connection.prepare(
            "UPDATE request SET outcome = ?2, code = ?3, upstream_us = ?4 WHERE id = ?1")
    }

    /// Writes a new row; a row that is already there is an error.
    func insert(_ row: DecidedRequest) throws(WarehouseError) {
        guard row.isCall else { return try insertOther(row) }
        insertCall.bind(1, row.id)
        insertCall.bind(2, row.timestamp)
        insertCall.bind(3, row.actor)
        insertCall.bind(4, row.tool)
        insertCall.bind(5, row.verdict)
        insertCall.bind(6, row.outcome)
        insertCall.bind(7, row.mark)
        insertCall.bind(8, row.session)
        insertCall.bind(9, row.client)
        insertCall.bind(10, row.decideMicroseconds)
        insertCall.bind(11, row.upstreamMicroseconds)
        insertCall.bind(12, row.argumentDigest)
        insertCall.bind(13, row.argumentBytes)
        insertCall.bind(14, row.resultDigest)
        insertCall.bind(15, row.resultBytes)
        insertCall.bind(16, row.limitUsed)
        try insertCall.run()
        try put(rareOf: row, code: row.code)
    }

    private func insertOther(_ row: DecidedRequest) throws(WarehouseError) {
        insertRequest.bind(1, row.id)
        insertRequest.bind(2, row.timestamp)
        insertRequest.bind(3, row.actor)
        insertRequest.bind(4, row.tool)
        insertRequest.bind(5, row.verdict)
        insertRequest.bind(6, row.outcome)
        insertRequest.bind(7, row.session)
        insertRequest.bind(8, row.client)
        insertRequest.bind(9, row.code)
        insertRequest.bind(10, row.decideMicroseconds)
        insertRequest.bind(11, row.upstreamMicroseconds)
        insertRequest.bind(12, row.n)
        try insertRequest.run()
    }

    /// A call that is already written, by its own decision or by the one that ended its hold.
    func call(log: Int64, decision seq: UInt64) throws(WarehouseError) -> DecidedRequest? {
        findCall.bind(1, RecordID.of(log: log, seq: seq))
        if let call = try read(findCall) { return call }
        findHeldCall.bind(1, Int64(clamping: seq))
        findHeldCall.bind(2, log)
        return try read(findHeldCall)
    }

    /// Writes a call's new state; session, client, arguments and the like never change.
    func update(_ call: DecidedRequest, with result: JoinedOutcome?) throws(WarehouseError) {
        updateCall.bind(1, call.id)
        updateCall.bind(2, call.verdict)
        updateCall.bind(3, call.outcome)
        updateCall.bind(4, call.mark)
        updateCall.bind(5, call.upstreamMicroseconds)
        updateCall.bind(6, result?.resultDigest)
        updateCall.bind(7, result?.resultBytes)
        updateCall.bind(8, call.limitUsed)
        try updateCall.run()
        try put(rareOf: call, code: result?.code)
    }

    /// Writes what few calls have, where this one has any of it.
    private func put(rareOf call: DecidedRequest, code: Int64?) throws(WarehouseError) {
        guard code ?? call.waitMicroseconds ?? call.retryAfterMilliseconds ?? call.finalSeq != nil else { return }
        putRare.bind(1, call.id)
        putRare.bind(2, code)
        putRare.bind(3, call.waitMicroseconds)
        putRare.bind(4, call.retryAfterMilliseconds)
        putRare.bind(5, call.finalSeq)
        try putRare.run()
    }

    /// Joins an outcome to another request; nil when there is no such row, false when it has an outcome.
    func joinRequest(log: Int64, decision seq: UInt64, _ result: JoinedOutcome) throws(WarehouseError) -> Bool? {
        let id = RecordID.of(log: log, seq: seq)
        findRequest.bind(1, id)
        guard try findRequest.step() else { return nil }
        let isFree = findRequest.integer(0) == 0
        findRequest.reset()
        guard isFree else { return false }
        updateRequest.bind(1, id)
        updateRequest.bind(2, result.outcome)
        updateRequest.bind(3, result.code)
        updateRequest.bind(4, result.upstreamMicroseconds)
        try updateRequest.run()
        return true
    }

    private func read(_ statement: SQLiteStatement) throws(WarehouseError) -> DecidedRequest? {
        guard try statement.step() else { return nil }
        defer { statement.reset() }
        var call = DecidedRequest(
            id: statement.integer(0), timestamp: statement.integer(1), isCall: true, actor: statement.integer(2),
            agent: statement.integer(3), tool: statement.integer(4), toolBase: statement.integer(5),
            verdict: statement.integer(6), outcome: statement.integer(7),
            isStopped: statement.integer(8) == DecidedRequest.stoppedMark,
            isNear: statement.integer(8) == DecidedRequest.nearMark)
        call.waitMicroseconds = statement.optionalInteger(9)
        call.upstreamMicroseconds = statement.optionalInteger(10)
        call.limitUsed = statement.optionalInteger(11)
        call.retryAfterMilliseconds = statement.optionalInteger(12)
        call.finalSeq = statement.optionalInteger(13)
        return call
    }
}
