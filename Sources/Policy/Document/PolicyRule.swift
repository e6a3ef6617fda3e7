public import Events

/// A rule over a call's arguments, under `require` or `deny_if`.
public struct PolicyRule: Sendable {
    /// The name it was given.
    public let name: String?
    /// What must hold together; none holds always.
    public let conditions: [Condition]
    /// What a denied caller is told.
    public let onDeny: String?
    /// The rule's id, unique in its document.
    public internal(set) var id = ""

    /// The part of the id that tells it from others of its list.
    var label: String {
        if let name { return name }
        return conditions.isEmpty ? "always" : conditions.map(\.label).joined(separator: ",")
    }
}

/// What a document says of one tool, or of all of them.
public struct ToolRules: Sendable {
    /// Rules that must hold.
    public internal(set) var require: [PolicyRule] = []
    /// Rules that must not hold.
    public internal(set) var denyIf: [PolicyRule] = []
    /// Limits, all of which apply.
    public internal(set) var limits: [LimitRule] = []
    /// The class of harm, where the policy overrides it.
    public internal(set) var risk: Risk?
    /// Arguments that may be written to the log.
    public internal(set) var record: [ArgumentPath] = []
    /// Whether a person has to approve each call.
    public internal(set) var approval: ApprovalRule?
    /// Whether this tool's verdicts are carried out, where it differs from the document's.
    public internal(set) var mode: Mode?

    /// Conditions in the order of `facts`.
    var conditions: [Condition] { require.flatMap(\.conditions) + denyIf.flatMap(\.conditions) }
}

/// What a firing alert does to a grant and a tool.
public struct Brake: Sendable, Equatable {
    /// What a braked call gets.
    public enum Action: String, Sendable, CaseIterable {
        /// It may be tried again after the cool-down.
        case throttle
        /// It is refused.
        case deny
    }

    /// Detection rules that put the brake on, as written; `runaway` stands for `loop`, `cap`, `surge` and `budget`.
    public let on: [String]
    /// What a braked call gets.
    public let action: Action
    /// Seconds after which the brake lifts itself.
    public let cooldownSeconds: Int

    /// Whether a firing rule puts this brake on.
    public func applies(to detectionRule: String) -> Bool {
        on.contains(detectionRule) || on.contains("runaway") && PolicyFields.runaway.contains(detectionRule)
    }
}
