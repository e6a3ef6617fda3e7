/// Far more calls in a minute than this agent ever makes of this tool, or than was declared.
///
/// Threshold on the attempts in a sliding 60 s: max(`minimum`, 3 × the declared limit per minute, 3 × the pair's own
/// learned peak minute).
public struct CapRule: DetectionRule {
    /// The least number of attempts a minute that is too many, whatever was learned.
    public var minimum = 35
    /// The declared limit and the learned peak are multiplied by this.
    public var factor = 3
    /// The least number while a pair is new and no limit was declared.
    public var newcomerMinimum = 150
    /// How long a pair is new, in microseconds.
    public var newcomerMicroseconds: Int64 = 600_000_000

    /// What is left of a learned peak after an hour: 2^(−1/168), a half-life of one week.
    public static let hourlyFading = 0.995_882_6

    /// The defaults.
    public init() {}

    /// `cap`.
    public static let name = RuleName.cap
    /// A page.
    public static let severity = Severity.page
    /// The condition.
    public static let firesWhen = """
        one agent attempts one tool in a sliding 60 s more often than max(35, 3 × the declared limit per minute, \
        3 × its own learned peak minute)
        """
    /// The exemptions.
    public static let staysSilent = """
        A limiter doing its job: attempts near the declared limit, refused or not. A busy agent: the learned peak fades \
        by half in a week; the peak of an hour with a finding counts once a second such hour has been as busy, so that \
        one runaway does not become normal and a lasting change does. A newcomer without a declared limit: for ten \
        minutes 150 a minute are allowed while its pace is learned.
        """

    /// One look at one call.
    func read(_ call: CallEvent, at time: Int64, pair: inout PairState) -> RuleReading? {
        if call.limitWindowSeconds == 60, let maximum = call.limitMaximum {
            pair.declaredPerMinute = UInt32(clamping: max(1, maximum))
        }
        pair.minute.advance(to: time)
        pair.pace.note(call.attempts, at: time, isRaised: pair.raised != 0)
        let learned = learnedPeak(pair: pair, at: time)
        let threshold = threshold(pair: pair, learned: learned, at: time)
        // A burst begins where the pace was last an ordinary one.
        if pair.minute.total <= max(threshold / (factor * factor), learned) {
            pair.burst = pair.origin(of: call, at: time)
        }
        pair.minute.add(call.attempts)
        let level = pair.minute.total
        guard level * 2 >= threshold else { return nil }
        return RuleReading(level: level, threshold: threshold, fires: level > threshold, origin: pair.burst)
    }

    private func learnedPeak(pair: PairState, at time: Int64) -> Int {
        pair.pace.peak(isNew: time - pair.firstSeen < 3_600_000_000)
    }

    /// What a pair's attempts per minute are held against.
    private func threshold(pair: PairState, learned: Int, at time: Int64) -> Int {
        if pair.declaredPerMinute > 0 {
            return max(minimum, factor * Int(pair.declaredPerMinute), factor * learned) * Int(pair.expected)
        }
        let isNewcomer = time - pair.firstSeen < newcomerMicroseconds
        return max(isNewcomer ? newcomerMinimum : minimum, factor * learned) * Int(pair.expected)
    }
}
