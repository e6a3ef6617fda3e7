import Events

/// An agent, or the whole log, that should be speaking and is not; or a policy's rule that should be.
///
/// Looked at when an hour of the clock is over: for each silent hour in a row −ln(1 − the share of like days on which the
/// agent spoke in that hour) is added up.
public struct SilenceRule: DetectionRule {
    /// The sum at which it fires; 16 is one in nine million, were the hours independent.
    public var minimum: Float = 16
    /// How long an agent must be known, in microseconds.
    public var learningMicroseconds: Int64 = 1_209_600_000_000
    /// Hours looked at when time leaps; a longer leap is no longer an agent's silence.
    public var maximumHours: Int64 = 336
    /// Hours with a refusal that a tool must have had before its change says anything.
    public var refusedHours = 20

    /// The defaults.
    public init() {}

    /// `silence`.
    public static let name = RuleName.silence
    /// A warning.
    public static let severity = Severity.warn
    /// The condition.
    public static let firesWhen = """
        an agent known for two weeks, or the whole log, says nothing in hours in which it usually does: the sum of \
        −ln(1 − share) over the silent hours in a row reaches 16, shares learned for each hour of working days and of \
        weekends; four such hours at the earliest. Or a tool of whose calls some were refused in at least 20 hours has no call \
        refused since its definition changed: the same sum over its hours with calls, by the share of them that had a refusal
        """
    /// The exemptions.
    public static let staysSilent = """
        Nights, weekends and whatever else is usual. Holidays are not known. It is over with the next call, or the next refusal.
        """

    /// One look at one silent hour.
    func fires(_ agent: AgentState, at time: Int64) -> Bool {
        !agent.habits.isSilent && agent.habits.surprise >= minimum && time - agent.firstSeen >= learningMicroseconds
    }
}
