import Events

/// The dictionaries that decisions are encoded with.
final class Dictionaries {
    private let actors: Dimension
    private let tools: Dimension
    private let verdicts: Dimension
    private let clients: Dimension
    private let sessions: Dimension
    private var key = LineBuffer(capacity: 4096)

    /// What a name is replaced by where its dictionary is full.
    static let other = "(other)"
    /// What a tool's name is replaced by where its server never listed it.
    static let unlisted = "(unlisted)"
    /// The method of a call.
    static let callMethod = "tools/call"
    /// Between a key's parts: no UTF-8 text has it.
    static let separator: UInt8 = 0xFF

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

    func forget() {
        for dimension in [actors, tools, verdicts, clients, sessions] { dimension.forget() }
    }

    /// Ids of a decision's actor: the row, and the first row with this agent.
    func actor(_ decision: Decision) throws(WarehouseError) -> (id: Int64, agent: Int64) {
        key.truncate(to: 0)
        part(decision.agent)
        part(decision.grant)
        part(decision.identity.rawValue)
        let id = try actors.id(
            key.bytes,
            [.text(decision.agent ?? ""), .text(decision.grant ?? ""), .text(decision.identity.rawValue)],
            other: [.text(Dictionaries.other), .text(""), .text(decision.identity.rawValue)])
        return (id, actors.base(of: id))
    }

    /// Ids of a decision's tool: the row, and the first row with this server, tool and method.
    func tool(_ decision: Decision) throws(WarehouseError) -> (id: Int64, tool: Int64) {
        let isCall = decision.method == Dictionaries.callMethod
        let tool = !isCall ? "" : decision.unlisted ? Dictionaries.unlisted : decision.tool ?? ""
        let risk = isCall ? decision.risk?.rawValue ?? "" : ""
        key.truncate(to: 0)
        part(decision.server)
        part(tool)
        part(decision.method)
        part(risk)
        let id = try tools.id(
            key.bytes, [.text(decision.server), .text(tool), .text(decision.method), .text(risk)],
            other: [
                .text(decision.server), .text(isCall ? Dictionaries.other : ""),
                .text(isCall ? decision.method : Dictionaries.other), .text(""),
            ])
        return (id, tools.base(of: id))
    }

    /// Id of what was decided and why.
    func verdict(_ decision: Decision) throws(WarehouseError) -> Int64 {
        key.truncate(to: 0)
        part(decision.verdict.rawValue)
        part(decision.mode.rawValue)
        part(decision.reason.rawValue)
        part(decision.rule)
        part(decision.message)
        part(decision.policy)
        if let digest = decision.policyDigest { key.append(digest) }
        key.append(Dictionaries.separator)
        part(decision.limit?.counter)
        key.append(decimal: Int64(decision.limit?.windowSeconds ?? 0))
        key.append(Dictionaries.separator)
        key.append(decimal: Int64(decision.limit?.maximum ?? 0))
        let head: [Dimension.Value] = [
            .text(decision.verdict.rawValue), .text(decision.mode.rawValue), .text(decision.reason.rawValue),
        ]
        return try verdicts.id(
            key.bytes,
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
    func client(_ name: String?) throws(WarehouseError) -> Int64? {
        try label(name, in: clients)
    }

    /// Id of a protocol session.
    func session(_ name: String?) throws(WarehouseError) -> Int64? {
        try label(name, in: sessions)
    }

    private func label(_ name: String?, in dimension: Dimension) throws(WarehouseError) -> Int64? {
        guard let name else { return nil }
        key.truncate(to: 0)
        key.append(raw: name)
        return try dimension.id(key.bytes, [.text(name)], other: [.text(Dictionaries.other)])
    }

    private func part(_ text: String?) {
        if let text { key.append(raw: text) }
        key.append(Dictionaries.separator)
    }
}
