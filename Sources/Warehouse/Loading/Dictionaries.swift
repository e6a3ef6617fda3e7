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

    /// Reads what other loaders have added.
    mutating func refresh() throws(WarehouseError) {
        try actors.refresh()
        try tools.refresh()
        try verdicts.refresh()
        try clients.refresh()
        try sessions.refresh()
    }

    /// Ids of a decision's actor: the row, and the first row with this agent.
    mutating func actor(_ decision: Decision) throws(WarehouseError) -> (id: Int64, agent: Int64) {
        let identity = Dimension.Value.text(decision.identity.rawValue)
        let id = try actors.id(
            [.text(decision.agent ?? ""), .text(decision.grant ?? ""), identity],
            other: [.text(Dictionaries.other), .text(""), identity])
        return (id, actors.base(of: id))
    }

    /// Ids of a decision's tool: the row, and the first row with this server, tool and method.
    mutating func tool(_ decision: Decision) throws(WarehouseError) -> (id: Int64, tool: Int64) {
        let isCall = decision.method == Dictionaries.callMethod
        let tool = !isCall ? "" : decision.unlisted ? Dictionaries.unlisted : decision.tool ?? ""
        let risk = isCall ? decision.risk?.rawValue ?? "" : ""
        let id = try tools.id(
            [.text(decision.server), .text(tool), .text(decision.method), .text(risk)],
            other: [
                .text(decision.server), .text(isCall ? Dictionaries.other : ""),
                .text(isCall ? decision.method : Dictionaries.other), .text(""),
            ])
        return (id, tools.base(of: id))
    }

    /// Id of what was decided and why.
    mutating func verdict(_ decision: Decision) throws(WarehouseError) -> Int64 {
        let head: [Dimension.Value] = [
            .text(decision.verdict.rawValue), .text(decision.mode.rawValue), .text(decision.reason.rawValue),
        ]
        return try verdicts.id(
            head + [
                .text(decision.rule ?? ""), .text(decision.message ?? ""), .text(decision.policy ?? ""),
                .text(decision.policyDigest?.description ?? ""), .text(decision.limit?.counter ?? ""),
                .number(Int64(decision.limit?.windowSeconds ?? 0)), .number(Int64(decision.limit?.maximum ?? 0)),
            ],
            other: head + [
                .text(Dictionaries.other), .text(""), .text(""), .text(""), .text(""), .number(0), .number(0),
            ])
    }

    /// Id of a client's label.
    mutating func client(_ name: String?) throws(WarehouseError) -> Int64? {
        guard let name else { return nil }
        return try clients.id([.text(name)], other: [.text(Dictionaries.other)])
    }

    /// Id of a protocol session.
    mutating func session(_ name: String?) throws(WarehouseError) -> Int64? {
        guard let name else { return nil }
        return try sessions.id([.text(name)], other: [.text(Dictionaries.other)])
    }

    /// Encodes a request from its line; nil where its tool, its agent or its verdict was not met yet.
    mutating func encode(
        _ line: DecisionLine, _ bytes: UnsafeRawBufferPointer, log: Int64
    ) throws(WarehouseError) -> DecidedRequest? {
        let isCall = slice(bytes, line.method).elementsEqual(Dictionaries.callMethodBytes)
        // A word that is looked up with nothing else must be judged by the decoder.
        guard isCall || line.risk == nil else { return nil }
        scratch.clear()
        scratch.add(slice(bytes, line.server))
        if isCall, line.isUnlisted {
            scratch.add(Dictionaries.unlisted)
        } else {
            scratch.add(slice(bytes, isCall ? line.tool : nil))
        }
        scratch.add(slice(bytes, line.method))
        scratch.add(slice(bytes, isCall ? line.risk : nil))
        guard let tool = tools.known(scratch) else { return nil }
        scratch.clear()
        scratch.add(slice(bytes, line.agent))
        scratch.add(slice(bytes, line.grant))
        scratch.add(slice(bytes, line.identity))
        guard let actor = actors.known(scratch), let index = verdictsByLine.value(of: slice(bytes, line.verdict))
        else { return nil }
        let verdict = knownVerdicts[Int(index)]
        var request = DecidedRequest(
            id: RecordID.of(log: log, seq: line.seq), timestamp: line.timestamp, isCall: isCall, actor: actor,
            agent: actors.base(of: actor), tool: tool, toolBase: tools.base(of: tool), verdict: verdict.id,
            isStopped: verdict.facts.isStopped, isNear: verdict.facts.isNear(used: line.limitUsed))
        if let session = line.session {
            scratch.clear()
            scratch.add(slice(bytes, session))
            request.session = sessions.known(scratch)
            if request.session == nil { request.session = try self.session(text(bytes, session)) }
        }
        if let client = line.client {
            scratch.clear()
            scratch.add(slice(bytes, client))
            request.client = clients.known(scratch)
            if request.client == nil { request.client = try self.client(text(bytes, client)) }
        }
        request.decideMicroseconds = line.decideMicroseconds
        request.argumentDigest = line.argumentDigest
        request.argumentBytes = line.argumentBytes
        request.limitUsed = line.limitUsed
        request.retryAfterMilliseconds = line.retryAfterMilliseconds
        return request
    }

    private func text(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> String {
        String(decoding: bytes[range], as: UTF8.self)
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
