public import Events

/// A brake that is on for an agent and a tool: put on by a firing page, or by a person.
public struct EngagedBrake: Sendable, Equatable {
    /// What ``rule`` is where a person put the brake on.
    public static let manual = "manual"
    /// Seconds that a person's brake may be on; what is to last longer belongs into the policy.
    public static let longestManualSeconds = 3600

    /// The detection rule that fired, or ``manual``.
    public var rule: String
    /// When it lifts itself.
    public var until: Timestamp

    /// Describes a brake.
    public init(rule: String, until: Timestamp) {
        self.rule = rule
        self.until = until
    }
}

extension CompiledPolicy {
    /// What a braked call gets; nil where this policy has no brake for what put it on.
    ///
    /// A person's brake holds under every policy: as the document's own brake does, else as a throttle.
    ///
    /// - Parameter rule: the detection rule that fired, or ``EngagedBrake/manual``.
    public func brakeAction(for rule: String) -> Brake.Action? {
        if rule == EngagedBrake.manual { return document.brake?.action ?? .throttle }
        guard let brake = document.brake, brake.applies(to: rule) else { return nil }
        return brake.action
    }

    /// Refuses a call whose brake is on; false where none is, or this policy has none for it.
    func isBraked(_ engaged: EngagedBrake?, at now: Int64, _ result: inout PolicyVerdict) -> Bool {
        guard let engaged, engaged.until.microseconds > now, let action = brakeAction(for: engaged.rule) else {
            return false
        }
        result.refuse(
            action == .throttle ? .throttle : .deny, .brake, rule: RuleID.brake(engaged.rule),
            message: engaged.rule == EngagedBrake.manual
                ? "A person has suspended this agent's calls of this tool."
                : "Calls of this tool are suspended for this agent after an alert.")
        result.retryAfterMilliseconds = CompiledPolicy.milliseconds(engaged.until.microseconds - now)
        return true
    }
}

extension CompiledPolicy {
    /// Microseconds that a brake is on at the longest: how far back in the log brakes have to be rebuilt from.
    public var longestBrake: Int64 {
        Int64(max(document.brake?.cooldownSeconds ?? 0, EngagedBrake.longestManualSeconds)) * 1_000_000
    }
}
