public import Events

/// What a policy decides about a call, with everything the record and the caller are told.
public struct PolicyVerdict: Sendable, Equatable {
    /// What was decided.
    public var verdict: Verdict
    /// Whether it is carried out.
    public var mode: Mode
    /// Why.
    public var reason: Reason
    /// The rule's id.
    public var rule: String?
    /// Constant text for the record: no value of the call, no count.
    public var message: String?
    /// The limit nearest to its maximum, or the one that refuses.
    public var limit: LimitReading?
    /// Milliseconds, rounded up, after which the limits have room; nil where waiting does not help.
    public var retryAfterMilliseconds: Int?
    /// What limits with `increment_from` count, where the arguments say so.
    public var cost: Int?
    /// What the looks at the conditions found, one character each; nil where there are no conditions.
    public var facts: String?
    /// `path=value` for the arguments that the policy's `record` names.
    public var recordedArguments: [String]?
    /// The policy's name.
    public var policy: String?
    /// The policy's digest.
    public var policyDigest: Digest64?
    /// Text for the caller, without when to try again, where it says more than `message`.
    var explanation: String?

    /// Makes a verdict without details.
    public init(_ verdict: Verdict, mode: Mode, reason: Reason, rule: String? = nil, message: String? = nil) {
        self.verdict = verdict
        self.mode = mode
        self.reason = reason
        self.rule = rule
        self.message = message
    }

    /// Turns the verdict into a refusal.
    mutating func refuse(_ verdict: Verdict, _ reason: Reason, rule: String?, message: String?) {
        self.verdict = verdict
        self.reason = reason
        self.rule = rule
        self.message = message
    }

    /// Turns the verdict into a call's wait for a person, or its refusal where too many wait.
    mutating func hold(_ need: ApprovalNeed, isFull: Bool) {
        guard isFull else { return refuse(.hold, .approval, rule: need.rule, message: need.message) }
        refuse(
            .throttle, .approval, rule: need.rule,
            message: "Too many calls wait for a person's approval. Try again when some of them are decided.")
    }

    /// The verdict where there is no policy.
    ///
    /// - Parameter observing: let everything pass, and record it.
    public static func withoutPolicy(observing: Bool) -> PolicyVerdict {
        PolicyVerdict(
            observing ? .allow : .deny, mode: observing ? .shadow : .enforce, reason: .noPolicy,
            rule: RuleID.noPolicy, message: observing ? nil : "There is no policy, so every call is denied.")
    }

    /// Whether the call goes on to the server: it is allowed, or the verdict is only recorded.
    public var passes: Bool { verdict == .allow || mode == .shadow }

    /// What a denied caller is told: one line that a model can act on.
    public func callerText(tool: String) -> String {
        var text = ""
        text.reserveCapacity(240)
        text += "[POLICY DENIED] "
        switch reason {
        case .hidden:
            text += tool
            text += " is not available."
        case .defaultDeny:
            text += tool
            text += " is not allowed: this policy denies every tool that it does not list."
        default: text += explanation ?? message ?? "\(tool) is denied by policy."
        }
        if let milliseconds = retryAfterMilliseconds {
            text += " Retry after "
            text += String((milliseconds + 999) / 1000)
            text += " s."
        } else if reason == .limit {
            text += " Retrying does not help."
        }
        return text
    }

    /// Writes every field that the policy decides into a record.
    public func write(to decision: inout Decision) {
        decision.verdict = verdict
        decision.mode = mode
        decision.reason = reason
        decision.rule = rule
        decision.message = message
        decision.limit = limit
        decision.retryAfterMilliseconds = retryAfterMilliseconds
        decision.cost = cost
        decision.facts = facts
        decision.recordedArguments = recordedArguments
        decision.policy = policy
        decision.policyDigest = policyDigest
    }
}
