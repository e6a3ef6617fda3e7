public import Events

/// How a forwarded call ended, as far as detectors care: whether it failed, and whether its result was a new one.
public struct CallEnding: Sendable, Equatable {
    /// When it ended.
    public var timestamp: Timestamp
    /// Who called.
    public var agent: String
    /// The upstream's configured name.
    public var server: String
    /// The tool.
    public var tool: String
    /// How it ended.
    public var ending: Ending
    /// Digest of the result's bytes.
    public var result: Digest64?

    /// Makes an ending.
    public init(timestamp: Timestamp, agent: String, server: String, tool: String, ending: Ending, result: Digest64?) {
        self.timestamp = timestamp
        self.agent = agent
        self.server = server
        self.tool = tool
        self.ending = ending
        self.result = result
    }

    /// Takes what the detectors need from an outcome; nil when it ends no `tools/call`.
    public init?(outcome: Outcome, timestamp: Timestamp) {
        guard let tool = outcome.tool, let server = outcome.server else { return nil }
        let agent = outcome.agent ?? CallEvent.unresolvedAgent
        self.init(
            timestamp: timestamp, agent: agent, server: server, tool: tool, ending: outcome.ending,
            result: outcome.resultDigest)
    }

    /// Whether the call did not do what was asked; a caller's own leaving says nothing about that.
    public var failed: Bool? {
        switch ending {
        case .ok: false
        case .toolError, .rpcError, .httpError, .timeout, .upstreamDown, .overloaded, .notForwarded: true
        case .cancelled, .disconnected, .unanswered: nil
        }
    }
}

/// What detectors look at, in the order in which it happened.
public enum DetectionEvent: Sendable, Equatable {
    /// A call was decided.
    case call(CallEvent)
    /// A forwarded call ended.
    case ending(CallEnding)
    /// A tool's definition changed.
    case toolChanged(ToolChange)
}
