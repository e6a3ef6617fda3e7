/// What `top` asks for on its last line.
enum TopPrompt: Equatable {
    /// Words that names must contain; they hold while they are typed.
    case filter(before: String)
    /// How long a silence lasts.
    case duration(TopSubject)
    /// Why there is one.
    case reason(TopSubject, duration: String)
    /// Whether it is meant.
    case confirmation(TopSilence)

    /// Whether one key is the answer.
    var isYesOrNo: Bool {
        if case .confirmation = self { true } else { false }
    }

    /// What stands before the text.
    var question: String {
        switch self {
        case .filter: "filter: "
        case .duration(let subject): "silence alerts about \(subject.text) for (30m, 2h, 7d): "
        case .reason: "why (it stands in the watch's log): "
        case .confirmation(let silence): "silence \(silence.words) for \(silence.duration)? y/n "
        }
    }
}

/// A silence that a person asked for and confirmed.
public struct TopSilence: Sendable, Equatable {
    /// The agent it is about; nil for all.
    public var agent: String?
    /// The tool's server; nil for all.
    public var server: String?
    /// The tool; nil for all.
    public var tool: String?
    /// How long, as it was typed: `2h`.
    public var duration: String
    /// Why.
    public var reason: String

    /// A silence's conditions are patterns, and a name may hold what they take for any text: for one sign it stands at most.
    init(_ subject: TopSubject, duration: String, reason: String) {
        func exact(_ name: String?) -> String? { name?.replacing("*", with: "?") }
        agent = exact(subject.agent)
        server = exact(subject.tool?.server)
        tool = exact(subject.tool?.name)
        self.duration = duration
        self.reason = reason
    }

    /// Whether an alert can be about it: alerts name agents and tools.
    static func isPossible(_ subject: TopSubject) -> Bool {
        switch subject {
        case .agent(let agent): agent != nil
        case .tool(let tool): tool.isTool
        case .pair(let agent, let tool): agent != nil && tool.isTool
        }
    }

    /// Its conditions.
    var words: String {
        [("agent", agent), ("server", server), ("tool", tool)].compactMap { name, value in
            value.map { "\(name)=\($0)" }
        }.joined(separator: " ")
    }
}

/// What a key asks of whoever runs the screen.
public enum TopAction: Sendable, Equatable {
    /// Nothing.
    case none
    /// To end.
    case quit
    /// To draw all anew.
    case redraw
    /// To ask the watch for a silence.
    case silence(TopSilence)
}
