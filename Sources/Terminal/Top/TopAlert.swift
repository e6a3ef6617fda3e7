/// An alert as `top` shows it.
public struct TopAlert: Sendable, Equatable {
    /// Its id.
    public var id: String
    /// `firing`, `acknowledged`, `silenced`, `inhibited` or `pending`.
    public var state: String
    /// `info`, `warn` or `page`.
    public var severity: String
    /// The rule.
    public var rule: String
    /// Who called; nil for an alert about tollgate itself.
    public var agent: String?
    /// The tool's server.
    public var server: String?
    /// The tool.
    public var tool: String?
    /// When it began, in microseconds since the epoch.
    public var start: Int64
    /// What happened.
    public var summary: String

    /// Makes one.
    public init(
        id: String, state: String, severity: String, rule: String, agent: String? = nil, server: String? = nil,
        tool: String? = nil, start: Int64, summary: String
    ) {
        self.id = id
        self.state = state
        self.severity = severity
        self.rule = rule
        self.agent = agent
        self.server = server
        self.tool = tool
        self.start = start
        self.summary = summary
    }

    var isFiring: Bool { state == "firing" }

    /// Whether it is about a row's calls.
    func concerns(_ subject: TopSubject) -> Bool {
        guard agent != nil || tool != nil else { return false }
        switch subject {
        case .agent(let name): return agent == name && agent != nil
        case .tool(let called): return tool == called.name && server == called.server
        case .pair(let name, let called):
            return (agent == nil || agent == name) && (tool == nil || (tool == called.name && server == called.server))
        }
    }
}

/// The alerts that are open.
public struct TopAlerts: Sendable, Equatable {
    /// All that are not resolved.
    public var open: [TopAlert]
    /// What keeps them from being up to date; nil where nothing does.
    public var trouble: String?

    /// Makes a list.
    public init(open: [TopAlert] = [], trouble: String? = nil) {
        self.open = open
        self.trouble = trouble
    }

    /// Those that fire, the most severe first, then the newest.
    var firing: [TopAlert] {
        let ranks = ["page": 2, "warn": 1]
        return open.filter(\.isFiring).sorted { a, b in
            let (x, y) = (ranks[a.severity] ?? 0, ranks[b.severity] ?? 0)
            return x != y ? x > y : (a.start, a.id) > (b.start, b.id)
        }
    }

    /// How many there are of the others: `1 acknowledged, 2 silenced`.
    var others: String {
        ["acknowledged", "silenced", "inhibited"].compactMap { state in
            let count = open.count { $0.state == state }
            return count > 0 ? "\(Words.count(count)) \(state)" : nil
        }.joined(separator: ", ")
    }
}
