import Events

/// One log's share of a transaction: decisions wait here for their outcomes, then all rows are written in seq order.
final class RecordBatch {
    private let tables: RequestTable
    private let dictionaries: Dictionaries
    private let rollUps: RollUps
    private let peaks: PeakMinutes
    private let firstUses: FirstUses
    private let hours: HourRanges
    private var pending: [DecidedRequest] = []
    /// Decisions that ended a pending call's hold: seq → index in `pending`.
    private var ends: [UInt64: Int] = [:]
    var log: Int64 = 0
    var ancestors: [Int64] = []

    init(_ connection: SQLiteConnection, capacity: Int64) throws(WarehouseError) {
        tables = try RequestTable(connection)
        dictionaries = try Dictionaries(connection, capacity: capacity)
        rollUps = try RollUps(connection)
        peaks = try PeakMinutes(connection)
        firstUses = try FirstUses(connection)
        hours = try HourRanges(connection)
    }

    /// Takes a decision, or folds it into the call whose hold it ends.
    func add(_ decision: Decision, seq: UInt64, at timestamp: Int64) throws(WarehouseError) {
        let actor = try dictionaries.actor(decision)
        let tool = try dictionaries.tool(decision)
        var row = DecidedRequest(
            id: RecordID.of(log: log, seq: seq), timestamp: timestamp,
            // A coalesced refusal stands for many requests that were never looked into.
            isCall: decision.method == Dictionaries.callMethod && decision.coalesced == nil,
            actor: actor.id, agent: actor.agent, tool: tool.id, toolBase: tool.tool,
            verdict: try dictionaries.verdict(decision), isStopped: DecidedRequest.isStopped(decision),
            isNear: DecidedRequest.isNear(decision))
        row.limitUsed = decision.limit.map { Int64($0.used) }
        row.retryAfterMilliseconds = decision.retryAfterMilliseconds.map(Int64.init)
        if row.isCall, let held = decision.of, try end(held: held, with: row, seq: seq) { return }
        row.session = try dictionaries.session(decision.session)
        row.client = try dictionaries.client(decision.client)
        row.decideMicroseconds = decision.decideMicroseconds.map(Int64.init)
        row.argumentDigest = decision.argumentDigest.map { Int64(bitPattern: $0.value) }
        row.argumentBytes = decision.argumentBytes.map(Int64.init)
        row.n = Int64(decision.coalesced ?? 1)
        pending.append(row)
    }

    /// Joins an outcome to its decision; gives the reason where it cannot be.
    func add(_ outcome: Outcome) throws(WarehouseError) -> String? {
        let result = JoinedOutcome(outcome)
        if let index = ends[outcome.of] ?? index(of: outcome.of) {
            guard pending[index].outcome == 0 else { return "second outcome of \(outcome.of)" }
            pending[index].join(result)
            return nil
        }
        for log in [log] + ancestors {
            if var call = try tables.call(log: log, decision: outcome.of) {
                guard call.outcome == 0 else { return "second outcome of \(outcome.of)" }
                rollUps.count(call, sign: -1)
                call.join(result)
                rollUps.count(call)
                try tables.update(call, with: result)
                return nil
            }
            if let isFree = try tables.joinRequest(log: log, decision: outcome.of, result) {
                return isFree ? nil : "second outcome of \(outcome.of)"
            }
        }
        return "outcome of \(outcome.of), which is not here"
    }

    /// Writes the rows and notes them in the roll-ups.
    func writeRows() throws(WarehouseError) {
        try peaks.prepare(Set(pending.lazy.filter(\.isCall).map { Clock.start(of: Clock.day, holding: $0.timestamp) }))
        for row in pending {
            try tables.insert(row)
            rollUps.count(row)
            hours.note(row)
            guard row.isCall else { continue }
            peaks.count(row)
            firstUses.note(row)
        }
        try hours.flush(log: log)
        pending.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
    }

    /// Writes the roll-ups; the last thing before a commit.
    func writeRollUps() throws(WarehouseError) {
        try rollUps.flush()
        try firstUses.flush()
        try peaks.flush()
    }

    /// Forgets what another writer may have made untrue.
    func forgetPeaks() {
        peaks.forget()
    }

    /// Forgets everything: after a rollback, or when the database was made anew.
    func forget() {
        pending.removeAll()
        ends.removeAll()
        dictionaries.forget()
        rollUps.forget()
        peaks.forget()
        firstUses.forget()
        hours.forget()
    }

    private func end(held: UInt64, with final: DecidedRequest, seq: UInt64) throws(WarehouseError) -> Bool {
        if let index = index(of: held), pending[index].isCall {
            pending[index].end(with: final)
            ends[seq] = index
            return true
        }
        for log in [log] + ancestors {
            guard var call = try tables.call(log: log, decision: held) else { continue }
            rollUps.count(call, sign: -1)
            call.end(with: final)
            rollUps.count(call)
            try tables.update(call, with: nil)
            return true
        }
        return false
    }

    /// The pending row of a decision; rows stand in seq order.
    private func index(of seq: UInt64) -> Int? {
        let id = RecordID.of(log: log, seq: seq)
        var low = 0
        var high = pending.count
        while low < high {
            let middle = (low + high) / 2
            if pending[middle].id < id { low = middle + 1 } else { high = middle }
        }
        return low < pending.count && pending[low].id == id ? low : nil
    }
}
