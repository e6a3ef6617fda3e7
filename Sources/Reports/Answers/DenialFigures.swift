import Events

/// Stopped calls of a period from every side.
struct DenialFigures: Sendable, Equatable, Encodable {
    var stopped: Int
    /// Would have been stopped, had the policy been enforced.
    var wouldHaveStopped: Int
    var byRule: [RuleFigures]
    var byReason: [ReasonFigures]
    var byTool: [ToolStopFigures]
    var byAgent: [AgentStopFigures]
    /// The same call stopped more than five times.
    var persistent: [PersistentFigures]
    var retries: [RetryFigures]
    /// Requests other than calls that were refused.
    var refusals: [RefusalFigures]
}

/// Stopped calls of one rule.
struct RuleFigures: Sendable, Equatable, Encodable {
    var rule: String?
    var reason: String
    var decision: String
    /// `enforce`, or `shadow`: would have been.
    var mode: String
    var policy: String?
    var calls: Int
    var agents: Int
    var tools: Int
    /// The agent with most of them.
    var mostlyAgent: String?
    var mostlyCalls: Int
}

/// Stopped calls of one reason.
struct ReasonFigures: Sendable, Equatable, Encodable {
    var reason: String
    var calls: Int
    var share: Double
}

/// Stopped calls of one tool.
struct ToolStopFigures: Sendable, Equatable, Encodable {
    var server: String
    var tool: String
    var risk: String?
    var calls: Int
    var denied: Int
    var throttled: Int
    var share: Double
}

/// Stopped calls of one agent.
struct AgentStopFigures: Sendable, Equatable, Encodable {
    var agent: String?
    var calls: Int
    var denied: Int
    var throttled: Int
    var share: Double
    /// The rule or reason behind most of them.
    var mostly: String
}

/// One call that was stopped again and again.
struct PersistentFigures: Sendable, Equatable, Encodable {
    var agent: String?
    var server: String
    var tool: String
    var argumentDigest: String?
    var rule: String?
    var reason: String
    var calls: Int
    var first: Moment
    var last: Moment
    var lastRecord: String
}

/// What an agent did after being throttled.
struct RetryFigures: Sendable, Equatable, Encodable {
    var agent: String?
    var server: String
    var tool: String
    var throttled: Int
    var retriedWithinTheHour: Int
    /// Tried again before `retry_after` had passed.
    var tooEarly: Int
    var medianMicroseconds: Int?
}

/// Refused requests that were no calls.
struct RefusalFigures: Sendable, Equatable, Encodable {
    var reason: String
    var agent: String?
    var server: String
    var method: String
    var requests: Int
}

/// Calls that passed with little room left under a limit.
struct NearMissFigures: Sendable, Equatable, Encodable {
    var agent: String?
    var server: String
    var tool: String
    var counter: String
    var windowSeconds: Int
    var maximum: Int
    var calls: Int
    var highest: Int
    var last: Moment
}
