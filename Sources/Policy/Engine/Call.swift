public import Events
public import StrictJSON

/// A call that is to be decided.
public struct Call: Sendable {
    /// The tool's name, unescaped.
    public var tool: String
    /// The arguments; nil where the call has none.
    public var arguments: JSONNode?
    /// The message that the arguments are part of, its keys known to be unique.
    public var tree: JSONTree
    /// Who calls.
    public var caller: Caller
    /// The brake that is on for this grant and tool, if any.
    public var brake: EngagedBrake?
    /// How it stands to a person's approval.
    public var approval: ApprovalStanding

    /// Describes a call.
    ///
    /// - Parameters:
    ///   - arguments: a node of `tree`; anything but an object is denied as malformed.
    ///   - tree: a message parsed with ``DuplicateKeys/refuse``.
    public init(
        tool: String, arguments: JSONNode?, in tree: JSONTree, caller: Caller, brake: EngagedBrake? = nil,
        approval: ApprovalStanding = .unasked
    ) {
        self.tool = tool
        self.arguments = arguments
        self.tree = tree
        self.caller = caller
        self.brake = brake
        self.approval = approval
    }
}

/// A call as the log keeps it: enough to decide it again without any argument.
public struct RecordedCall: Sendable, Equatable {
    /// The tool, who called, the cost and when.
    public var reservation: Reservation
    /// What the looks at the tool's conditions found.
    public var facts: String?
    /// The brake that was on.
    public var brake: EngagedBrake?
    /// How it stood to a person's approval.
    public var approval: ApprovalStanding

    /// Takes from a recorded decision what deciding it again needs; nil where it decided about no tool.
    public init?(_ decision: Decision, at: Timestamp) {
        guard let tool = decision.tool else { return nil }
        reservation = Reservation(tool: tool, caller: Caller(decision), cost: decision.cost, at: at)
        facts = decision.facts
        approval = ApprovalStanding(decision)
        guard decision.reason == .brake, let rule = decision.rule?.split(separator: "/").last else { return }
        brake = EngagedBrake(
            rule: String(rule), until: at.advanced(by: Int64(decision.retryAfterMilliseconds ?? 1) * 1000))
    }
}
