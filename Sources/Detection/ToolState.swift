/// What all agents' calls of one tool teach.
struct ToolState: BitwiseCopyable {
    /// Identical calls within 30 minutes.
    var repeats = RepeatHistogram()
    /// Consecutive calls of an agent.
    var runs = RepeatHistogram()
    /// Such calls of a grave tool a minute and more apart, plus one.
    var slowRuns = RepeatHistogram()
    /// Calls of a pair in three hours of the clock.
    var threeHours = CountHistogram()
    /// Minutes that polls last.
    var polls = RepeatHistogram()
    /// Denials at the scales of the rule `denials`, over all pairs with any.
    var denials = InlineArray<4, DenialMoments>(repeating: DenialMoments())
    /// Different things that a pair was denied one after another.
    var denialRows = RepeatHistogram()
    /// Fading counts of calls, of those with repeated arguments, and of those after a call of the same tool.
    private var calls: Float = 0
    private var repeated: Float = 0
    private var same: Float = 0
    /// The active seconds between calls of one agent, and how many such gaps.
    private var activeSeconds: Float = 0
    private var gaps: Float = 0
    /// All agents' attempts in 60 s, and the learned peak.
    var minute = SlidingMinute()
    var pace = LearnedPace()
    var burst = EpisodeOrigin()
    var attempts: UInt32 = 0
    var refused: UInt32 = 0
    var firstSeen: Int64 = 0
    /// The agents of the last minutes, each in a bit: never more bits than agents.
    var agents: UInt64 = 0
    var agentsMinute: UInt32 = 0
    var isRaised = false
    /// Refusals, and whether they stopped when the tool changed.
    var refusals = RefusalHabit()
    /// How many pairs use it; without any its place is free.
    var pairs: UInt32 = 0

    // A share begins as one in twenty, with the weight of twenty calls.
    private static let priorWeight: Float = 20
    private static let halvedAt: Float = 20_000

    /// The share of calls whose arguments came in the 30 minutes before.
    var repeatShare: Float { (repeated + 1) / (calls + Self.priorWeight) }

    /// The share of calls whose agent's call before was of this tool too; one half before anything is known.
    var sameShare: Float { (same + Self.priorWeight / 2) / (calls + Self.priorWeight) }

    /// Counts a call, after the rules have read it.
    mutating func note(_ call: CallEvent, repeated isRepeated: Bool, other: Bool) {
        attempts &+= UInt32(clamping: call.attempts)
        if call.isRefused { refused &+= UInt32(clamping: call.attempts) }
        calls += 1
        if isRepeated { repeated += 1 }
        if !other { same += 1 }
        guard calls >= Self.halvedAt else { return }
        calls /= 2
        repeated /= 2
        same /= 2
    }

    /// All agents' mean gap while active, in seconds; nil before `minimum` gaps.
    func meanGap(minimum: Float) -> Float? {
        gaps >= minimum ? activeSeconds / gaps : nil
    }

    /// Learns one agent's gap between two calls, in active seconds.
    mutating func note(gap: Float) {
        activeSeconds += gap
        gaps += 1
        guard gaps >= Self.halvedAt else { return }
        activeSeconds /= 2
        gaps /= 2
    }
}
