import Events

/// What was called: a tool, or the method of a request that was refused and named none.
public struct TopTool: Hashable, Sendable {
    /// The server.
    public var server: String
    /// The tool, or the method.
    public var name: String
    /// Whether it is a tool.
    public var isTool: Bool

    /// Makes one.
    public init(server: String, name: String, isTool: Bool = true) {
        self.server = server
        self.name = name
        self.isTool = isTool
    }

    /// As people see it.
    var text: String { server + "·" + name }
}

/// Whom and what a row of `top` is about.
public enum TopSubject: Hashable, Sendable {
    /// One agent's calls of one tool; nil for an agent that is not known.
    case pair(String?, TopTool)
    /// All of an agent's calls.
    case agent(String?)
    /// All calls of a tool.
    case tool(TopTool)

    /// The agent, where there is one.
    public var agent: String? {
        switch self {
        case .pair(let agent, _), .agent(let agent): agent
        case .tool: nil
        }
    }

    /// The tool, where there is one.
    public var tool: TopTool? {
        switch self {
        case .pair(_, let tool), .tool(let tool): tool
        case .agent: nil
        }
    }

    /// An agent as people see it.
    static func name(_ agent: String?) -> String { agent ?? "(unresolved)" }

    /// The whole as people see it.
    var text: String {
        switch self {
        case .pair(let agent, let tool): TopSubject.name(agent) + " → " + tool.text
        case .agent(let agent): TopSubject.name(agent)
        case .tool(let tool): tool.text
        }
    }

    /// Whether its names contain all words, which are in small letters.
    func contains(words: [String]) -> Bool {
        guard !words.isEmpty else { return true }
        let text = text.lowercased()
        return words.allSatisfy { text.contains($0) }
    }
}
