import Events

/// One log's share of a transaction: decisions wait here for their outcomes, then all rows are written in seq order.
final class RecordBatch {
    private let tables: RequestTable
    // Values, not objects: what is inlined and held alone costs no checks of exclusive access.
    private var dictionaries: Dictionaries
    private var rollUps: RollUps
    private var peaks: PeakMinutes
    private var firstUses: FirstUses
    private var hours: HourRanges
    private let expired: ExpiredRows
    private var pending: [DecidedRequest] = []
    /// Whether the dictionaries may lack rows that another writer has added.
    private var isBehind = true
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
        expired = try ExpiredRows(connection)
    }

    /// Takes a decision, or folds it into the call whose hold it ends; notes it as late where retention has deleted
    /// that call.
    func add(_ decision: Decision, seq: UInt64, at timestamp: Int64) throws(WarehouseError) {
        try catchUp()
        let facts = VerdictFacts(decision)
        let actor = try dictionaries.actor(decision)
        let tool = try dictionaries.tool(decision)
        var row = DecidedRequest(
            id: RecordID.of(log: log, seq: seq), timestamp: timestamp,
            // A coalesced refusal stands for many requests that were never looked into.
            isCall: decision.method == Dictionaries.callMethod && decision.coalesced == nil,
            actor: actor.id, agent: actor.agent, tool: tool.id, toolBase: tool.tool,
            verdict: try dictionaries.verdict(decision), isStopped: facts.isStopped,
            isNear: facts.isNear(used: decision.limit.map { Int64($0.used) }))
        row.limitUsed = decision.limit.map { Int64($0.used) }
        row.retryAfterMilliseconds = decision.retryAfterMilliseconds.map(Int64.init)
        if row.isCall, let held = decision.of {
            if try end(held: held, with: row, seq: seq) { return }
            if try isExpired(held) { return try expired.addLate(row.id, at: timestamp, of: held) }
        }
        row.session = try dictionaries.session(decision.session)
        row.client = try dictionaries.client(decision.client)
        row.decideMicroseconds = decision.decideMicroseconds.map(Int64.init)
        row.argumentDigest = decision.argumentDigest.map { Int64(bitPattern: $0.value) }
        row.argumentBytes = decision.argumentBytes.map(Int64.init)
        row.n = Bound.count(decision.coalesced ?? 1)
        pending.append(row)
    }

    /// Takes a decision as its line has it; false where that needs the record itself.
    func add(_ line: DecisionLine, _ bytes: UnsafeRawBufferPointer) throws(WarehouseError) -> Bool {
        try catchUp()
        guard let row = try dictionaries.encode(line, bytes, log: log) else { return false }
        pending.append(row)
        return true
    }

    /// Remembers how the line of a decision that was just added spells its verdict.
    func remember(_ line: DecisionLine, _ bytes: UnsafeRawBufferPointer, _ decision: Decision) throws(WarehouseError) {
        try dictionaries.remember(line, bytes, decision)
    }

    /// Joins an outcome to its decision, or notes it as late where retention has deleted that one; gives the reason
    /// where it can be neither.
    func add(
        _ result: JoinedOutcome, of decision: UInt64, seq: UInt64, at timestamp: Int64
    ) throws(WarehouseError) -> String? {
        if let index = (ends.isEmpty ? nil : ends[decision]) ?? index(of: decision) {
            guard pending[index].outcome == 0 else { return "second outcome of \(decision)" }
            pending[index].join(result)
            return nil
        }
        for log in [log] + ancestors {
            if var call = try tables.call(log: log, decision: decision) {
                guard call.outcome == 0 else { return "second outcome of \(decision)" }
                rollUps.count(call, sign: -1)
                call.join(result)
                rollUps.count(call)
                try tables.update(call, with: result)
                return nil
            }
            if let isFree = try tables.joinRequest(log: log, decision: decision, result) {
                return isFree ? nil : "second outcome of \(decision)"
            }
        }
        guard try isExpired(decision) else { return "outcome of \(decision), which is not here" }
        try expired.addLate(RecordID.of(log: log, seq: seq), at: timestamp, of: decision)
        return nil
    }

    /// Whether retention may have deleted the row of a record that has none.
    private func isExpired(_ seq: UInt64) throws(WarehouseError) -> Bool {
        for log in [log] + ancestors where try expired.mayHaveHeld(seq, of: log) { return true }
        return false
    }

    /// Writes the rows and notes them in the roll-ups.
    func writeRows() throws(WarehouseError) {
        var days: Set<Int64> = []
        var last: Int64 = .min
        for row in pending where row.isCall {
            let day = Clock.start(of: Clock.day, holding: row.timestamp)
            if day != last { days.insert(day) }
            last = day
        }
        try peaks.prepare(days)
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

    /// Forgets what another writer may have made untrue; what it added is read with the next decision.
    ///
    /// Not now: a process that finds nothing new would read up to 100,000 session names for it.
    func refresh() {
        peaks.forget()
        isBehind = true
    }

    private func catchUp() throws(WarehouseError) {
        guard isBehind else { return }
        try dictionaries.refresh()
        isBehind = false
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
    ///
    /// Looked for at growing distances from the end: most calls are answered before many others are made.
    private func index(of seq: UInt64) -> Int? {
        let id = RecordID.of(log: log, seq: seq)
        var high = pending.count
        var low = high
        var step = 4
        while low > 0, pending[low - 1].id >= id {
            high = low
            low = max(0, low - step)
            step *= 4
        }
        while low < high {
            let middle = (low + high) / 2
            if pending[middle].id < id { low = middle + 1 } else { high = middle }
        }
        return low < pending.count && pending[low].id == id ? low : nil
    }
}
