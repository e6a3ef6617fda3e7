import Events

/// One tool far busier than ever, through several agents: one alert instead of one for each.
public struct FleetRule: DetectionRule {
    /// The least number of attempts in 60 s that is too many, whatever was learned.
    public var minimum = 120
    /// The tool's learned peak minute, all agents together, is multiplied by this.
    public var factor = 3
    /// Agents that must have taken part in the last two minutes.
    public var agents = 3
    /// How long a tool must be known, in microseconds.
    public var learningMicroseconds: Int64 = 86_400_000_000

    /// The defaults.
    public init() {}

    /// `fleet`.
    public static let name = RuleName.fleet
    /// A page.
    public static let severity = Severity.page
    /// The condition.
    public static let firesWhen = """
        all agents together attempt one tool in a sliding 60 s more often than max(120, 3 × the tool's learned peak minute), \
        and at least three of them took part in the last two minutes
        """
    /// The exemptions.
    public static let staysSilent = """
        A tool's first day. One agent alone, which is for `cap`. Findings about single agents on that tool name it in \
        `inhibitedBy` while it lasts.
        """

    /// One look at one call.
    func read(_ call: CallEvent, at time: Int64, pair: PairState, tool: inout ToolState) -> RuleReading? {
        tool.minute.advance(to: time)
        tool.pace.note(call.attempts, at: time, isRaised: tool.isRaised)
        let minute = UInt32(truncatingIfNeeded: time / 120_000_000)
        if minute != tool.agentsMinute {
            // The bits of the two minutes before are kept where they follow.
            tool.agents = minute == tool.agentsMinute &+ 1 ? tool.agents << 32 : 0
            tool.agentsMinute = minute
        }
        tool.agents |= 1 << UInt64(pair.agentIndex & 31)
        let learned = tool.pace.peak(isNew: false)
        let threshold = max(minimum, factor * learned)
        if tool.minute.total <= max(threshold / (factor * factor), learned) {
            tool.burst = EpisodeOrigin(
                start: time, record: PackedReference(log: pair.log, seq: call.record.seq),
                attemptsBefore: tool.attempts,
                refusedBefore: tool.refused)
        }
        tool.minute.add(call.attempts)
        let level = tool.minute.total
        guard level * 2 >= threshold else { return nil }
        let isKnown = time - tool.firstSeen >= learningMicroseconds
        return RuleReading(
            level: level, threshold: threshold,
            fires: isKnown && level > threshold && takingPart(tool) >= agents
                && pair.minute.total * 2 <= level, origin: tool.burst)
    }

    private func takingPart(_ tool: ToolState) -> Int {
        ((tool.agents | tool.agents >> 32) & 0xFFFF_FFFF).nonzeroBitCount
    }
}
