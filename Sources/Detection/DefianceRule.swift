import Events

/// Retries that do not wait as they were told.
public struct DefianceRule: DetectionRule {
    /// Retries within `retry_after` that are too many.
    public var minimum = 5
    /// A pause longer than this ends an episode, in microseconds.
    public var pauseMicroseconds: Int64 = 1_800_000_000

    /// The defaults.
    public init() {}

    /// `defiance`.
    public static let name = RuleName.defiance
    /// A warning.
    public static let severity = Severity.warn
    /// The condition.
    public static let firesWhen = """
        one agent calls one tool again within the `retry_after` of its last throttled call, five times or more without once \
        having waited
        """
    /// The exemptions.
    public static let staysSilent = "Agents that wait. A call that comes after the wait ends the episode."

    /// One look at one call of a pair that was throttled before.
    func read(_ call: CallEvent, at time: Int64, pair: PairState, trouble: inout TroubleState) -> RuleReading? {
        if pair.hasWaited(until: time) || time - trouble.defiedAt > pauseMicroseconds { trouble.defied = 0 }
        guard !pair.hasWaited(until: time) else { return nil }
        if trouble.defied == 0 { trouble.defiance = pair.origin(of: call, at: time) }
        trouble.defied = UInt16(clamping: Int(trouble.defied) + call.attempts)
        trouble.defiedAt = time
        let level = Int(trouble.defied)
        guard level * 2 >= minimum else { return nil }
        return RuleReading(level: level, threshold: minimum, fires: level >= minimum, origin: trouble.defiance)
    }
}
