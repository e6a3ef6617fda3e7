public import Events

/// Which calls a question is about.
public struct CallFilter: Sendable, Hashable {
    /// Only this agent's; `""` for callers that were not resolved.
    public var agent: String?
    /// Only this server's.
    public var server: String?
    /// Only this tool's.
    public var tool: String?
    /// Only tools of this class.
    public var risk: Risk?

    /// Every call.
    public static let all = CallFilter()

    /// Makes a filter; nil lets everything through.
    public init(agent: String? = nil, server: String? = nil, tool: String? = nil, risk: Risk? = nil) {
        self.agent = agent
        self.server = server
        self.tool = tool
        self.risk = risk
    }
}
