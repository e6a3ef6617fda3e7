import Events

/// More calls than the agent's own pace, for long enough: a marked CUSUM on the calls' times.
///
/// Page's cumulative sum (Page, *Continuous inspection schemes*, Biometrika 41, 1954) of the log-likelihood ratio of a
/// Poisson process three times as fast against the learned one, `ln 3 − 2·λ·gap` per call, with marks for what runaways
/// do besides being fast. `S = clamp(S + ln 3 − 2·λ·gap + marks, 0, ceiling)`.
public struct SurgeRule: DetectionRule {
    /// The sum at which it warns.
    public var warn: Float = 60
    /// The sum at which it pages.
    public var page: Float = 130
    /// The sum's ceiling, so that an end is seen soon.
    public var ceiling: Float = 400
    /// A raised finding goes on while the sum is at least this.
    public var calm: Float = 20
    /// Calls that must have been learned.
    public var learnedCalls = 50
    /// Gaps of a tool, over all agents, after which a new pair begins with its peers' pace.
    public var peerGaps: Float = 500
    /// The weight of the peers' pace, in calls.
    public var peerWeight: Float = 20
    /// Gaps longer than this, in seconds, are no activity; they count as this much.
    public var longestGapSeconds: Float = 300
    /// Active seconds in which what was learned fades by half.
    public var halfLifeSeconds: Float = 36_000
    /// The least rate, in calls per second.
    public var leastRate: Float = 1 / 600
    /// The share of repeated arguments in a runaway.
    public var runawayRepeats: Float = 0.6
    /// The share of calls in a runaway whose agent last called another tool.
    public var runawayOthers: Float = 0.1
    /// What each denial in a row from the third on adds.
    public var denialMark: Float = 1.5

    private static let lnThree: Float = 1.098_612_3
    private static let lnTwo: Float = 0.693_147_18

    /// The defaults.
    public init() {}

    /// `surge`.
    public static let name = RuleName.surge
    /// A page; a warning before.
    public static let severity = Severity.page
    /// The condition.
    public static let firesWhen = """
        the marked CUSUM of one agent's calls of one tool, `S = clamp(S + ln 3 − 2·λ·gap + marks, 0, 400)` over event \
        times, reaches 60 (warn) or 130 (page); λ is the pair's own rate while active (gaps count as 300 s at most, \
        half-life ten active hours, at least one call in 600 s). Marks: the same arguments within 30 minutes \
        `+max(0, ln(.6/p_rep))`, after a call of another tool `+½·ln(.1/(1−p_same))`, from the third denial in a row \
        +1.5 each; `p_rep` and `p_same` are the tool's own shares, learned from all agents
        """
    /// The exemptions.
    public static let staysSilent = """
        The first 50 calls of a pair, from which its pace is learned. Throttled attempts, which neither feed the sum nor \
        the pace: an agent that obeys `retry_after` is no surge. Sessions: only calls while active make the pace, so that a \
        session after a quiet night is as fast as the one before.
        """

    /// One look at one call; `other`: the agent's previous call was of another tool.
    func read(
        _ call: CallEvent, at time: Int64, other: Bool, pair: inout PairState, tool: inout ToolState
    ) -> RuleReading? {
        if call.verdict == .throttle, call.mode == .enforce { return nil }
        let isFirst = pair.surge.last == 0
        let gap = isFirst ? 0 : Float(time - pair.surge.last) / 1_000_000
        pair.surge.last = time
        let rate = pace(pair.surge, peers: tool.meanGap(minimum: peerGaps))
        let denied = call.isRefused
        pair.surge.denialsInARow = denied ? UInt8(clamping: Int(pair.surge.denialsInARow) + call.attempts) : 0
        var step = Self.lnThree
        if pair.sighting.isRepeated { step += max(0, NaturalLogarithm.of(runawayRepeats / tool.repeatShare)) }
        if other { step += NaturalLogarithm.of(runawayOthers / max(0.01, 1 - tool.sameShare)) / 2 }
        if pair.surge.denialsInARow >= 3 { step += denialMark }
        let isReady = Int(pair.surge.learned) >= learnedCalls || (rate > 0 && tool.meanGap(minimum: peerGaps) != nil)
        if isReady {
            let before = max(0, pair.surge.level - 2 * rate * gap)
            if before <= 0 {
                pair.surge.origin = pair.origin(of: call, at: time)
                pair.surge.usual = rate
            }
            pair.surge.level = min(max(0, before + step * Float(min(call.attempts, 1000))), ceiling)
        }
        if !isFirst {
            learn(gap: gap, attempts: call.attempts, &pair.surge)
            tool.note(gap: min(gap, longestGapSeconds))
        }
        guard isReady, pair.surge.level >= calm else { return nil }
        let isPage = pair.surge.level >= page
        return RuleReading(
            level: Int(pair.surge.level), threshold: Int(isPage ? page : warn), fires: pair.surge.level >= warn,
            origin: pair.surge.origin, severity: isPage ? .page : .warn, holds: true)
    }

    /// Calls per second while active; a new pair's is its peers' with the weight of `peerWeight` calls.
    private func pace(_ state: SurgeState, peers gap: Float?) -> Float {
        guard let gap, state.calls < 10 * peerWeight else { return state.rate(floor: leastRate) }
        return max((state.calls + peerWeight) / (state.activeSeconds + peerWeight * gap), leastRate)
    }

    private func learn(gap: Float, attempts: Int, _ state: inout SurgeState) {
        let active = min(gap, longestGapSeconds)
        let fading = 1 - active * Self.lnTwo / halfLifeSeconds
        state.calls = state.calls * fading + Float(min(attempts, 1000))
        state.activeSeconds = state.activeSeconds * fading + active
        if state.learned < 255 { state.learned += 1 }
    }
}
