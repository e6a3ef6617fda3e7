import Events

/// The same call over and over: agent, tool and arguments alike.
///
/// Threshold: max(`minimum`, 2 + retries, 3 × the tool's learned p99 of repeats) within 30 minutes. Of identical calls the
/// first is no repeat.
public struct LoopRule: DetectionRule {
    /// The least number of identical calls that is a loop, whatever was learned.
    public var minimum = 7
    /// How often a client retries by itself where nothing was declared.
    public var retries = 5
    /// The learned p99 of a tool's repeats is multiplied by this.
    public var learnedFactor = 3
    /// Episodes of a tool before its p99 counts.
    public var learnedEpisodes = 100
    /// Calls beyond the threshold for which gaps that keep growing are taken for a client's back-off.
    public var backOffAllowance = 3
    /// The shortest gap of a poll, in milliseconds: what repeats faster is no poll however regular it is.
    public var shortestPollMilliseconds = 3000
    /// Failed calls in a row after which repeats are no poll.
    public var failuresThatEndPolling = 3

    /// The defaults.
    public init() {}

    /// `loop`.
    public static let name = RuleName.loop
    /// A page.
    public static let severity = Severity.page
    /// The condition.
    public static let firesWhen = """
        one agent calls one tool with the same arguments at least max(7, 2 + declared retries, 3 × the tool's learned \
        99th percentile of repeats) times in 30 minutes
        """
    /// The exemptions.
    public static let staysSilent = """
        Polling: declared, or at least four gaps of 3 s and more that are alike to a sixth (three in four of the last), \
        on a tool not known to write, execute, destroy or pay, while calls pass and do not fail. Retries with back-off: \
        up to three calls past the threshold while the last gap is at least a quarter of the whole episode.
        """

    /// One look at one call.
    func read(
        _ call: CallEvent, at time: Int64, pair: inout PairState, repeats: inout RepeatHistogram
    ) -> RuleReading? {
        pair.sighting = PairSighting()
        guard let digest = call.arguments else { return nil }
        let obeyed = pair.hasWaited(until: time)
        let lastThrottle = pair.throttledAt
        let slot = pair.loop.slot(
            for: digest.value, at: time, origin: pair.origin(of: call, at: time), repeats: &repeats)
        pair.sighting.isRepeated = pair.loop.slots[slot].last != 0
        let gap = pair.loop.slots[slot].noteCall(
            at: time, neutral: obeyed && pair.loop.slots[slot].last == lastThrottle)
        let isDeclared = pair.polling == .declared
        if isDeclared
            || mayPoll(call, pair: pair) && pair.loop.slots[slot].isRegular(shortest: shortestPollMilliseconds)
        {
            pair.sighting.isPoll = pair.sighting.isRepeated
            pair.loop.slots[slot].markPolling()
            return nil
        }
        pair.loop.slots[slot].count(call.attempts, at: time, after: gap, origin: pair.origin(of: call, at: time))
        let level = pair.loop.slots[slot].repeats(at: time)
        guard level * 2 >= minimum else { return nil }
        let threshold = threshold(retries: pair.retries, repeats: repeats)
        let episode = pair.loop.slots[slot].origin
        let growing = gap >= (time - episode.start) / 4 && level <= threshold + backOffAllowance && call.attempts == 1
        return RuleReading(level: level, threshold: threshold, fires: level >= threshold && !growing, origin: episode)
    }

    /// What a pair's identical calls are held against.
    func threshold(retries declared: UInt8?, repeats: RepeatHistogram) -> Int {
        let alike = repeats.percentile(minimum: learnedEpisodes) ?? 1
        return max(minimum, 2 + (declared.map(Int.init) ?? retries), learnedFactor * (alike - 1))
    }

    private func mayPoll(_ call: CallEvent, pair: PairState) -> Bool {
        guard pair.polling != .never, Int(pair.failures) < failuresThatEndPolling else { return false }
        // A throttled poll is still one: the limit, not the agent, broke its rhythm.
        if call.isRefused && call.verdict != .throttle { return false }
        return switch call.risk {
        case .write, .execute, .destructive, .financial: false
        case .read, .unknown, nil: true
        }
    }
}
