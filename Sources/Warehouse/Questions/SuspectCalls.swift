public import Events
import GRDB

/// The calls of suspects, and of the others that call the tools which these repeat, in memory.
public struct SuspectCalls: Sendable {
    /// Which of the calls to go through.
    public enum Choice: Sendable {
        /// Those of the suspects alone, and since a moment only of those that repeat themselves without a burst.
        case suspects(since: Timestamp)
        /// All agents' calls of some tools.
        case tools(Set<ToolName>)
    }

    private struct Call {
        var id: Int64
        var at: Int64
        var actor: Int32
        var tool: Int32
        var verdict: Int32
        var outcome: Int16
        var repeats: Bool
        var bursts: Bool
        var arguments: Int64
        var result: Int64
        var retryAfter: Int64
        var took: Int64
    }

    private let names: NameTables
    private let suspects: Suspects
    /// By log, each in its own order.
    private var logs: [[Call]] = []

    /// Gives `body` the calls in the order of time, all logs merged.
    public func forEach(_ choice: Choice, _ body: (CallRow) -> Void) {
        let takes: (Call) -> Bool
        switch choice {
        case .suspects(let since):
            takes = { $0.bursts || $0.repeats && $0.at >= since.microseconds }
        case .tools(let tools):
            let keys = Set(tools.map { [$0.server, $0.tool] })
            let wanted = Set(names.tools.values.filter { keys.contains([$0.name.server, $0.name.tool]) }.map(\.id))
            takes = { wanted.contains(Int64($0.tool)) }
        }
        var next = [Int](repeating: 0, count: logs.count)
        while true {
            var earliest: Int?
            for log in logs.indices where next[log] < logs[log].count {
                if let best = earliest, logs[best][next[best]].at <= logs[log][next[log]].at { continue }
                earliest = log
            }
            guard let log = earliest else { return }
            let call = logs[log][next[log]]
            next[log] += 1
            if takes(call) { body(row(call)) }
        }
    }

    private func row(_ call: Call) -> CallRow {
        let verdict = names.verdicts[Int64(call.verdict)]
        let mode = verdict?.mode ?? .enforce
        let decision = verdict?.decision ?? .allow
        var row = CallRow(
            logID: Int(RecordID.log(call.id)), seq: RecordID.seq(call.id), timestamp: Timestamp(microseconds: call.at),
            agent: names.actors[Int64(call.actor)]?.agent, name: names.tool(Int64(call.tool)), verdict: decision,
            mode: mode, reason: verdict?.reason ?? .internal,
            stopped: mode == .enforce && (decision == .deny || decision == .throttle))
        row.argumentDigest = call.arguments == 0 ? nil : Digest64(UInt64(bitPattern: call.arguments))
        row.resultDigest = call.result == 0 ? nil : Digest64(UInt64(bitPattern: call.result))
        if let counter = verdict?.limitCounter {
            row.limit = LimitReading(
                counter: counter, windowSeconds: verdict?.limitWindow ?? 0, maximum: verdict?.limitMaximum ?? 0, used: 0
            )
        }
        row.retryAfterMilliseconds = call.retryAfter == 0 ? nil : Int(call.retryAfter)
        row.outcome = OutcomeCode.ending(Int64(call.outcome))
        row.upstreamMicroseconds = Int(call.took)
        return row
    }
}

extension SuspectCalls {
    fileprivate init(_ names: NameTables, _ suspects: Suspects) {
        self.names = names
        self.suspects = suspects
    }

    fileprivate mutating func read(_ db: Database, _ period: Period) throws {
        let repeated = Set(suspects.repeating.map(\.tool))
        guard !suspects.isEmpty else { return }
        let sql = """
            SELECT call.id, call.ts_us, call.actor, call.tool, call.verdict, call.outcome, call.arg_digest,
                call.result_digest, call.upstream_us
            \(CallRows.source(period.from.microseconds, period.to.microseconds))
                AND +call.tool IN (\(tools(repeated.union(suspects.bursting.map(\.tool)))))
                AND (+call.tool IN (\(tools(repeated))) OR +call.actor IN (\(actors(suspects.bursting))))
            """
        // One call in a hundred has them: looked up for each row they would cost more than the rows.
        var rare: [Int64: (retryAfter: Int64, wait: Int64)] = [:]
        try db.forEachNumbers("SELECT id, retry_after_ms, wait_us FROM call_rare") { row in
            if row[1] != 0 || row[2] != 0 { rare[row[0]] = (row[1], row[2]) }
        }
        var byLog: [Int64: [Call]] = [:]
        try db.forEachNumbers(sql) { row in
            let pair = AgentTool(agent: names.agentID(of: row[2]), tool: names.toolID(of: row[3]))
            let bursts = suspects.bursting.contains(pair)
            guard bursts || repeated.contains(pair.tool) else { return }
            let extra = rare.isEmpty ? nil : rare[row[0]]
            byLog[RecordID.log(row[0]), default: []].append(
                Call(
                    id: row[0], at: row[1], actor: Int32(clamping: row[2]), tool: Int32(clamping: row[3]),
                    verdict: Int32(clamping: row[4]), outcome: Int16(clamping: row[5]),
                    repeats: suspects.repeating.contains(pair), bursts: bursts, arguments: row[6], result: row[7],
                    retryAfter: extra?.retryAfter ?? 0, took: row[8] + (extra?.wait ?? 0)))
        }
        // Hours of a log touch each other; within them a log's order is its seqs'.
        let keys = byLog.keys.sorted()
        logs = keys.map { byLog.removeValue(forKey: $0) ?? [] }
        for log in logs.indices where !zip(logs[log], logs[log].dropFirst()).allSatisfy({ $0.id < $1.id }) {
            logs[log].sort { $0.id < $1.id }
        }
    }
}

extension SuspectCalls {
    /// Rows of `tool`, for SQL.
    private func tools(_ ids: Set<Int64>) -> String {
        names.tools.values.filter { ids.contains($0.toolID) }.map { String($0.id) }.joined(separator: ", ")
    }

    /// Rows of `actor`, for SQL.
    private func actors(_ pairs: Set<AgentTool>) -> String {
        let ids = Set(pairs.map(\.agent))
        return names.actors.values.filter { ids.contains($0.agentID) }.map { String($0.id) }.joined(separator: ", ")
    }
}

extension WarehouseStore {
    /// The calls of a period that detectors have to look at for what suspects did.
    ///
    /// - Throws: `WarehouseError`.
    public func calls(in period: Period, of suspects: Suspects) throws(WarehouseError) -> SuspectCalls {
        try ask { db in
            var calls = SuspectCalls(try self.names.read(db), suspects)
            try calls.read(db, period)
            return calls
        }
    }
}
