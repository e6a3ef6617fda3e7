public import Events
public import Policy

/// How one policy stands to one tool: whether a rule covers it, and which.
public struct ToolCoverage: Sendable, Equatable {
    /// What decides whether the tool may be called at all.
    public enum Standing: String, Sendable {
        /// The policy hides it.
        case hidden
        /// The policy has an entry for it.
        case listed
        /// The policy has none, and allows such tools.
        case defaultAllow = "default allow"
        /// The policy has none, and denies such tools.
        case defaultDeny = "default deny"
    }

    /// The policy's name.
    public var policy: String
    /// What decides whether it may be called at all.
    public var standing: Standing
    /// The rules and limits that its calls are subject to, in the order in which they are looked at.
    public var rules: [String]
    /// Whether verdicts are only recorded.
    public var isShadow: Bool
    /// The class that the policy gives the tool, nil where it says nothing of it.
    public var risk: Risk?

    /// Looks a tool up in a policy.
    public init(of tool: String, in policy: CompiledPolicy) {
        let standing = policy.standing(ofTool: tool)
        let entry = policy.document.tools.first { $0.name.utf8.elementsEqual(tool.utf8) }
        self.policy = policy.name
        switch standing {
        case .hidden: self.standing = .hidden
        case .unlisted: self.standing = .defaultDeny
        case .open: self.standing = entry == nil ? .defaultAllow : .listed
        }
        rules = standing == .open ? policy.ruleIDs(ofTool: tool) : []
        isShadow = policy.mode(ofTool: tool) == .shadow
        risk = entry?.rules.risk
    }

    /// The standing and the rules in one line, for people.
    public var words: String {
        let about = standing.rawValue + (isShadow ? " (shadow)" : "")
        return rules.isEmpty ? about : "\(about): \(rules.joined(separator: ", "))"
    }
}
