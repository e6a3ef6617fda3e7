public import Events

/// Where one is in `top`.
public enum TopPlace: Hashable, Sendable {
    /// Agents × tools.
    case pairs
    /// A row for each agent.
    case agents
    /// A row for each tool.
    case tools
    /// One agent's tools.
    case toolsOf(String?)
    /// One tool's agents.
    case agentsOf(TopTool)
    /// The newest calls of an agent and a tool.
    case calls(String?, TopTool)

    /// As people see it.
    var text: String {
        switch self {
        case .pairs: "agents × tools"
        case .agents: "agents"
        case .tools: "tools"
        case .toolsOf(let agent): "tools of \(TopSubject.name(agent))"
        case .agentsOf(let tool): "agents of \(tool.text)"
        case .calls(let agent, let tool): "newest calls of \(TopSubject.pair(agent, tool).text)"
        }
    }
}

/// One row of `top`.
public struct TopRow: Sendable, Equatable {
    /// Whom and what it is about.
    public var subject: TopSubject
    /// Calls within the last 60 s.
    public var lastMinute: Int
    /// Calls a minute that are usual while it is at work; nil while that is hardly known.
    public var usual: Double?
    /// What was counted in the minutes asked for.
    public var counts: TopCounts
    /// The 95th percentile of how long its newest answers took, in microseconds.
    public var p95: Int64?
    /// Its newest call.
    public var newest: Timestamp
    /// Why its newest refusal was refused, within the minutes asked for.
    public var why: String
    /// An agent's tools, or a tool's agents.
    public var partners: Int

    /// How many times the usual rate it is now; nil where that says nothing.
    public var times: Double? {
        guard let usual, usual > 0, lastMinute > 1 else { return nil }
        return Double(lastMinute) / usual
    }
}
