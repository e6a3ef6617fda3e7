import Events

/// The first use of a high-risk tool: by this agent, or by anyone.
public struct NoveltyRule: DetectionRule {
    /// How long the detectors or the agent's first call must be in the past, in microseconds: on the first day everything
    /// is new.
    public var learningMicroseconds: Int64 = 86_400_000_000
    /// Calls of an agent after which its habits are known on the first day too.
    public var learnedCalls = 20
    /// The most that is told of one agent on one day; 255 at most.
    public var maximumPerDay = 5

    /// The defaults.
    public init() {}

    /// `novelty`.
    public static let name = RuleName.novelty
    /// Worth knowing.
    public static let severity = Severity.info
    /// The condition.
    public static let firesWhen = """
        an agent calls a tool that executes, destroys or pays for the first time: after a day, or after its first 20 calls
        """
    /// The exemptions.
    public static let staysSilent = "Tools that read or write, and the first day of a log, on which everything is new."

    /// One look at a pair's first call; `watchedSince` is when the detectors saw their first event.
    func read(_ call: CallEvent, at time: Int64, watchedSince: Int64, pair: PairState, agent: AgentState)
        -> RuleReading?
    {
        guard pair.attempts == 0 else { return nil }
        switch call.risk {
        case .execute, .destructive, .financial: break
        case .read, .write, .unknown, nil: return nil
        }
        let isKnown = time - watchedSince >= learningMicroseconds || Int(agent.calls) >= learnedCalls
        return RuleReading(
            level: 1, threshold: 1, fires: isKnown, origin: pair.origin(of: call, at: time), holds: false)
    }
}
