import Events

/// The dictionaries that decisions are encoded with.
struct Dictionaries {
    private var actors: Dimension
    private var tools: Dimension
    private var verdicts: Dimension
    private var clients: Dimension
    private var sessions: Dimension
    private var scratch = NameKey()
    /// Verdicts by the bytes of their lines, from the value of `decision` to the limit's maximum: an index each into
    /// `knownVerdicts`.
    private var verdictsByLine = ByteTable()
    private var knownVerdicts: [(id: Int64, facts: VerdictFacts)] = []
    /// Lines whose bytes are remembered.
    private static let lineCapacity = 100_000

    /// What a name is replaced by where its dictionary is full.
    static let other = "(other)"
    /// What a tool's name is replaced by where its server never listed it.
    static let unlisted = "(unlisted)"
    /// The method of a call.
    static let callMethod = "tools/call"
    private static let callMethodBytes = Array(callMethod.utf8)

    init(_ connection: SQLiteConnection, capacity: Int64 = Dimension.capacity) throws(WarehouseError) {
        actors = try Dimension(
            connection, "actor", ["agent", "grant_id", "identity"], base: "agent_id", baseKey: 1, capacity: capacity)
        tools = try Dimension(
            connection, "tool", ["server", "tool", "method", "risk"], base: "tool_id", baseKey: 3, capacity: capacity)
        verdicts = try Dimension(
            connection, "verdict",
            [
                "decision", "mode", "reason", "rule", "message", "policy", "policy_digest", "limit_counter",
                "limit_window_s", "limit_max",
            ], capacity: capacity)
        clients = try Dimension(connection, "client", ["name"], capacity: capacity)
        sessions = try Dimension(connection, "session", ["name"], capacity: capacity)
    }

    mutating func forget() {
        verdictsByLine.removeAll()
        knownVerdicts.removeAll()
        actors.forget()
        tools.forget()
        verdicts.forget()
        clients.forget()
        sessions.forget()
    }

    /// Ids of a decision's actor: the row, and the first row with this agent.
    mutating func actor(_ decision: Decision) throws(WarehouseError) -> (id: Int64, agent: Int64) {
        let columns = [decision.agent ?? "", decision.grant ?? "", decision.identity.rawValue]
        let id = try actors.id(
            key(columns), columns.map { .text($0) },
            other: [.text(Dictionaries.other), .text(""), .text(decision.identity.rawValue)])
        return (id, actors.base(of: id))
    }

    /// Ids of a decision's tool: the row, and the first row with this server, tool and method.
    mutating func tool(_ decision: Decision) throws(WarehouseError) -> (id: Int64, tool: Int64) {
        let isCall = decision.method == Dictionaries.callMethod
        let tool = !isCall ? "" : decision.unlisted ? Dictionaries.unlisted : decision.tool ?? ""
        let columns = [decision.server, tool, decision.method, isCall ? decision.risk?.rawValue ?? "" : ""]
        let id = try tools.id(
            key(columns), columns.map { .text($0) },
            other: [
                .text(decision.server), .text(isCall ? Dictionaries.other : ""),
                .text(isCall ? decision.method : Dictionaries.other), .text(""),
            ])
        return (id, tools.base(of: id))
    }

    /// Id of what was decided and why.
    mutating func verdict(_ decision: Decision) throws(WarehouseError) -> Int64 {
        let head = [decision.verdict.rawValue, decision.mode.rawValue, decision.reason.rawValue]
        let texts =
            head + [
                decision.rule ?? "", decision.message ?? "", decision.policy ?? "",
                decision.policyDigest?.description ?? "", decision.limit?.counter ?? "",
            ]
        let numbers = [decision.limit?.windowSeconds ?? 0, decision.limit?.maximum ?? 0]
        return try verdicts.id(
            key(texts + numbers.map(String.init)),
            texts.map { .text($0) } + numbers.map { .number(Int64($0)) },
            other: head.map { .text($0) } + [
                .text(Dictionaries.other), .text(""), .text(""), .text(""), .text(""), .number(0), .number(0),
            ])
    }

    /// Id of a client's label.
    mutating func client(_ name: String?) throws(WarehouseError) -> Int64? {
        guard let name else { return nil }
        return try clients.id(key([name]), [.text(name)], other: [.text(Dictionaries.other)])
    }

    /// Id of a protocol session.
    mutating func session(_ name: String?) throws(WarehouseError) -> Int64? {
        guard let name else { return nil }
        return try sessions.id(key([name]), [.text(name)], other: [.text(Dictionaries.other)])
    }

    private func key(_ columns: [String]) -> NameKey {
        var key = NameKey()
        for column in columns { key.add(column) }
        return key
    }

    /// Encodes a call from its line; nil where a name is not in memory yet, and for other requests.
    mutating func encode(_ line: DecisionLine, _ bytes: UnsafeRawBufferPointer, log: Int64) -> DecidedRequest? {
        guard slice(bytes, line.method).elementsEqual(Dictionaries.callMethodBytes) else { return nil }
        scratch.clear()
        scratch.add(slice(bytes, line.server))
        if line.isUnlisted {
            scratch.add(Dictionaries.unlisted)
        } else {
            scratch.add(slice(bytes, line.tool))
        }
        scratch.add(slice(bytes, line.method))
        scratch.add(slice(bytes, line.risk))
        guard let tool = tools.known(scratch) else { return nil }
        scratch.clear()
        scratch.add(slice(bytes, line.agent))
        scratch.add(slice(bytes, line.grant))
        scratch.add(slice(bytes, line.identity))
        guard let actor = actors.known(scratch), let index = verdictsByLine.value(of: slice(bytes, line.verdict))
        else { return nil }
        let verdict = knownVerdicts[Int(index)]
        var request = DecidedRequest(
            id: RecordID.of(log: log, seq: line.seq), timestamp: line.timestamp, isCall: true, actor: actor,
            agent: actors.base(of: actor), tool: tool, toolBase: tools.base(of: tool), verdict: verdict.id,
            isStopped: verdict.facts.isStopped, isNear: verdict.facts.isNear(used: line.limitUsed))
        if let session = line.session {
            scratch.clear()
            scratch.add(slice(bytes, session))
            guard let id = sessions.known(scratch) else { return nil }
            request.session = id
        }
        if let client = line.client {
            scratch.clear()
            scratch.add(slice(bytes, client))
            guard let id = clients.known(scratch) else { return nil }
            request.client = id
        }
        request.decideMicroseconds = line.decideMicroseconds
        request.argumentDigest = line.argumentDigest
        request.argumentBytes = line.argumentBytes
        request.limitUsed = line.limitUsed
        request.retryAfterMilliseconds = line.retryAfterMilliseconds
        return request
    }

    /// Remembers a verdict by its line's bytes.
    mutating func remember(
        _ line: DecisionLine, _ bytes: UnsafeRawBufferPointer, _ decision: Decision
    ) throws(WarehouseError) {
        let slice = slice(bytes, line.verdict)
        guard verdictsByLine.count < Dictionaries.lineCapacity, verdictsByLine.value(of: slice) == nil else { return }
        verdictsByLine.insert(slice, Int64(knownVerdicts.count))
        knownVerdicts.append((try verdict(decision), VerdictFacts(decision)))
    }

    @inline(__always)
    private func slice(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>?) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[range ?? 0..<0])
    }
}
