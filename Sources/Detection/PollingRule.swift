import Events

/// A poll that does not end: identical calls, regular gaps, for far longer than this tool's polls usually last.
public struct PollingRule: DetectionRule {
    /// The shortest streak that is too long, in minutes, whatever was learned.
    public var minimumMinutes = 90
    /// The longest streak that passes, in minutes, whatever was learned.
    public var maximumMinutes = 180
    /// The tool's learned p99 of its polls' minutes is multiplied by this.
    public var learnedFactor = 3
    /// Polls of a tool before its p99 counts.
    public var learnedPolls = 20

    /// The defaults.
    public init() {}

    /// `polling`.
    public static let name = RuleName.polling
    /// A page.
    public static let severity = Severity.page
    /// The condition.
    public static let firesWhen = """
        one agent polls one tool (what `loop` takes for polling: declared, or identical calls at regular gaps) for longer \
        than 3 × the 99th percentile of what this tool's polls last, at least 90 minutes, at the latest after 3 h
        """
    /// The exemptions.
    public static let staysSilent = """
        Polls that end: a pause of 15 minutes is an end. Until 20 of a tool's polls were seen the 3 hours hold. An endless \
        poll that is wanted is declared with `expected_load`, which multiplies them.
        """

    /// One look at one call that `loop` took for a poll.
    func read(_ call: CallEvent, at time: Int64, pair: PairState, trouble: inout TroubleState, tool: inout ToolState)
        -> RuleReading?
    {
        if trouble.poll.last == 0 || time - trouble.poll.last > PollStreak.pause {
            if trouble.poll.last != 0 {
                tool.polls.add(max(1, Int((trouble.poll.last - trouble.poll.origin.start) / 60_000_000)))
            }
            trouble.poll.origin = pair.origin(of: call, at: time)
        }
        trouble.poll.last = time
        let minutes = Int((time - trouble.poll.origin.start) / 60_000_000)
        guard minutes * 2 >= minimumMinutes else { return nil }
        let learned = tool.polls.percentile(minimum: learnedPolls).map { max(minimumMinutes, learnedFactor * $0) }
        let threshold = min(maximumMinutes, learned ?? maximumMinutes) * Int(pair.expected)
        return RuleReading(
            level: minutes, threshold: threshold, fires: minutes > threshold, origin: trouble.poll.origin, holds: true)
    }
}
