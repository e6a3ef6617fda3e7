import Events

/// Denied over and over: an agent that does not take no for an answer.
///
/// Three tests. Absolute: a count and a share in ten minutes. A row: other arguments each time and denied each time, a second
/// and more apart, with nothing let through between; retries and calls made at once are one try, for whoever makes them does
/// not know the answer yet or does not ask for anything else. Learned: the count in the clock's current minute, five minutes,
/// hour or six hours against the pair's daily maxima at that scale, by the Student-t predictive distribution of a normal
/// model of ln(1 + count) whose prior is made of the tool's other pairs (Gelman et al., *Bayesian Data Analysis*, 3.3).
public struct DenialsRule: DetectionRule {
    /// Denials in ten minutes that are too many.
    public var minimum = 15
    /// The share of denials in them, in percent.
    public var sharePercent = 80
    /// Tries in a row that are too many, whatever was learned.
    public var row = 10
    /// The tool's learned p99 of tries in a row is multiplied by this.
    public var rowFactor = 3
    /// Rows of a tool before its p99 counts.
    public var learnedRows = 100
    /// Denials in a window below which the learned test says nothing.
    public var learnedMinimum = 8
    /// The normal quantile of the learned test.
    ///
    /// 4 is p < 10^−4.5. At 2.42, p < 10^−2.1, this test alone made three times the false pages of all other rules.
    public var learnedQuantile: Float = 4
    /// The weight of the tool's other pairs, in days.
    public var priorDays: Float = 4
    /// The least standard deviation of ln(1 + count).
    public var leastDeviation: Float = 0.5
    /// Whether the learned test is made.
    public var isLearned = true

    /// The defaults.
    public init() {}

    /// `denials`.
    public static let name = RuleName.denials
    /// A page.
    public static let severity = Severity.page
    /// The condition.
    public static let firesWhen = """
        one agent is denied one tool at least 15 times in 10 minutes and in at least 80 % of its attempts; or at least \
        max(10, 3 × the tool's learned 99th percentile) times in a row, each for other arguments and a second and more \
        after the last, no call let through between and no pause of ten minutes; or at least 8 times within a minute, 5 minutes, an hour or six hours, where that is improbable (p < 10^−4.5) against the pair's \
        own daily maxima and its peers'
        """
    /// The exemptions.
    public static let staysSilent = """
        Throttled attempts and shadow denials. Denials between calls that pass: below 80 % the absolute test is silent, and \
        each call that passes ends the row. Retries, which are for `loop`, and calls made at once count once in a row; a \
        retry with back-off, half as long again after the last as that after the one before, counts nowhere.
        """

    /// One look at one call; nothing before a pair's first denial.
    func read(_ call: CallEvent, at time: Int64, pair: PairState, trouble: inout TroubleState, tool: inout ToolState)
        -> RuleReading?
    {
        let isDenied = call.verdict == .deny && call.mode == .enforce
        trouble.denials.advance(to: time)
        if trouble.denials.blockDay == 0 {
            trouble.denials.blockDay = max(pair.firstSeen / DenialState.day, time / DenialState.day - 28)
        }
        trouble.denials.closeDays(before: time, tool: &tool.denials)
        if trouble.denials.recent.denied == 0 { trouble.denials.origin = pair.origin(of: call, at: time) }
        if !(call.verdict == .throttle && call.mode == .enforce) {
            let ended = trouble.denials.row.note(call, isDenied: isDenied, at: time, pair: pair)
            if let ended { tool.denialRows.add(ended) }
            if !trouble.denials.row.isBackingOff { trouble.denials.add(call.attempts, isDenied: isDenied, at: time) }
        }
        guard isDenied else { return nil }
        let recent = trouble.denials.recent
        let isMostly = recent.denied * 100 >= sharePercent * (recent.denied + recent.passed)
        if recent.denied >= minimum, isMostly {
            return RuleReading(level: recent.denied, threshold: minimum, fires: true, origin: trouble.denials.origin)
        }
        let tries = Int(trouble.denials.row.tries)
        let tooMany = max(row, rowFactor * (tool.denialRows.percentile(minimum: learnedRows) ?? 0))
        if tries >= tooMany {
            return RuleReading(level: tries, threshold: tooMany, fires: true, origin: trouble.denials.row.origin)
        }
        if isLearned, isMostly, let count = surprising(trouble.denials, peers: tool.denials) {
            return RuleReading(level: count, threshold: learnedMinimum, fires: true, origin: trouble.denials.origin)
        }
        guard recent.denied * 2 >= learnedMinimum else { return nil }
        return RuleReading(
            level: recent.denied, threshold: minimum, fires: false, origin: trouble.denials.origin, holds: true)
    }

    /// The count of the shortest scale on which it is improbable.
    private func surprising(_ state: DenialState, peers: InlineArray<4, DenialMoments>) -> Int? {
        for scale in state.counts.indices {
            let count = Int(state.counts[scale])
            guard count >= learnedMinimum else { continue }
            let own = state.moments[scale]
            let weight = priorDays + own.count
            let mean = (priorDays * peers[scale].mean + own.sum) / weight
            let peerSpread =
                peers[scale].count > 0
                ? peers[scale].spread(around: peers[scale].mean) / peers[scale].count * priorDays : 0
            let variance = max((peerSpread + own.spread(around: mean)) / weight, leastDeviation * leastDeviation)
            let excess = NaturalLogarithm.of(1 + Float(count)) - mean
            let bound = quantile(freedom: weight)
            if excess > 0, excess * excess > bound * bound * variance * (1 + 1 / weight) { return count }
        }
        return nil
    }

    /// Student's quantile from the normal one (Cornish–Fisher; Hill, *CACM* 13, 1970).
    private func quantile(freedom: Float) -> Float {
        let z = learnedQuantile
        let cube = z * z * z
        let first = (cube + z) / (4 * freedom)
        let second = (5 * cube * z * z + 16 * cube + 3 * z) / (96 * freedom * freedom)
        return z + first + second
    }
}
