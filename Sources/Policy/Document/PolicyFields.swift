import Events

/// The names and bounds of the document; `schemas/policy.v1.schema.json` states the same and a test holds them together.
enum PolicyFields {
    static let version = "1"
    static let document = ["version", "default", "hide", "all_tools", "tools", "brake", "mode"]
    static let allTools = ["limits", "require", "deny_if"]
    static let tool = ["limits", "require", "deny_if", "risk", "record", "mode", "approval"]
    static let rule = ["name", "conditions", "on_deny"]
    static let condition = ["path", "op", "value"]
    static let limit = ["counter", "window", "max", "scope", "increment", "increment_from", "algorithm"]
    static let approval = ["timeout", "on_timeout", "reason"]
    static let brake = ["on", "action", "cooldown"]
    /// The shorthand's own fields of a tool, by which it is known.
    static let shorthandTool = ["action", "reason", "rate_limit"]
    static let shorthandRate = ["max", "window"]
    static let shorthandActions = ["allow", "deny", "require_approval"]

    /// Detection rules that can put the brake on.
    static let detectionRules = [
        "loop", "polling", "run", "cap", "surge", "denials", "budget", "defiance", "novelty", "fleet", "silence",
    ]
    /// What `runaway` stands for.
    static let runaway = ["loop", "cap", "surge", "budget"]

    static let risks = Risk.allCases.map(\.rawValue)
    static let modes = Mode.allCases.map(\.rawValue)

    /// The largest whole number of a policy: 2^53 − 1, which every JSON reader keeps exact.
    static let maximumInteger = 9_007_199_254_740_991
    /// The longest window: 366 days.
    static let maximumWindowSeconds = 31_622_400
    /// The longest name of a tool, counter or rule, in bytes: what the record keeps whole.
    static let maximumNameBytes = TextBound.name
    /// The longest `on_deny`, in bytes: what the record keeps whole.
    static let maximumTextBytes = TextBound.text
    /// The longest rule id, in bytes.
    static let maximumIDBytes = TextBound.text
    /// The most conditions that apply to one call, so that `facts` fits into the record.
    static let maximumConditions = 512
    /// The most limits in one list.
    static let maximumLimits = 64
    /// The most paths under `record`.
    static let maximumRecorded = 16
    /// The largest document, in bytes.
    static let maximumDocumentBytes = 4 << 20
}
