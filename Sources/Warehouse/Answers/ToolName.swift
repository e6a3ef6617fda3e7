public import Events

/// A tool of a server; its class of harm is part of it, since a policy may change that.
public struct ToolName: Sendable, Hashable, Comparable {
    /// The server's configured name.
    public var server: String
    /// The tool, `(unlisted)` for all that the server never listed.
    public var tool: String
    /// The class of harm it was called under.
    public var risk: Risk?

    /// Whether it stands for all tools that the server never listed.
    public var isUnlisted: Bool { tool == Dictionaries.unlisted }

    /// Names a tool.
    public init(server: String, tool: String, risk: Risk?) {
        self.server = server
        self.tool = tool
        self.risk = risk
    }

    /// By server, then tool.
    public static func < (a: ToolName, b: ToolName) -> Bool {
        (a.server, a.tool, a.risk?.rawValue ?? "") < (b.server, b.tool, b.risk?.rawValue ?? "")
    }
}
