import Events

/// One tool over and over in one session, far more often than such sessions do: the near-identical loop that no digest
/// shows.
public struct RunRule: DetectionRule {
    /// The least number of consecutive calls that is too many, whatever was learned.
    public var minimum = 240
    /// The same for calls at least a minute apart of a tool that executes, destroys or pays.
    public var slowMinimum = 9
    /// What is a minute apart, in microseconds.
    public var spacedMicroseconds: Int64 = 60_000_000
    /// A pause after which such a row of calls begins anew, in microseconds.
    public var slowPause: Int64 = 1_800_000_000
    /// The tool's learned p99 of consecutive calls is multiplied by this.
    public var learnedFactor = 3
    /// Runs of a tool before its p99 counts.
    public var learnedRuns = 100
    /// Runs that an agent must have ended, to be known as one that uses several tools.
    public var endedRuns = 20
    /// The gaps between a model's calls, in microseconds: a program that pages, copies or counts is faster and a timer slower.
    public var modelGap: ClosedRange<Int64> = 2_500_000...45_000_000
    /// What a run that walks through a list is multiplied by.
    public var pagingFactor = 8

    /// The defaults.
    public init() {}

    /// `run`.
    public static let name = RuleName.run
    /// A page.
    public static let severity = Severity.page
    /// The condition.
    public static let firesWhen = """
        one agent calls one tool in a row, no other between and no pause of ten minutes, more often than max(240, 3 × the \
        tool's learned 99th percentile of such runs), whatever the arguments
        """
    /// The exemptions.
    public static let staysSilent = """
        Paging: most calls have an argument named like a cursor (`cursor`, `page_token`, `offset` …); eight times as many are \
        allowed. Agents that never do anything else: without twenty runs ended by another tool, only calls at a model's \
        pace (2.5 to 45 s apart) count. Identical calls, which are for `loop` and `polling`. A run that a limit paces.
        """

    /// One look at one call, which was counted into its run.
    func read(
        _ call: CallEvent, at time: Int64, pair: PairState, agent: AgentState, tool: ToolState
    ) -> RuleReading? {
        let run = agent.run
        let half = run.length / 2
        guard run.throttled * 8 < run.length || run.length < 8 else { return nil }
        let isVersatile = Int(agent.endedRuns) >= endedRuns
        if isVersatile, let slow = slow(pair: pair, tool: tool) { return slow }
        guard Int(run.length) * 2 >= minimum, run.repeated < half, isVersatile || run.paced > half else { return nil }
        var threshold = max(minimum, learnedFactor * (tool.runs.percentile(minimum: learnedRuns) ?? 0))
        threshold *= Int(pair.expected)
        if run.paging > half { threshold *= pagingFactor }
        return RuleReading(
            level: Int(run.length), threshold: threshold, fires: Int(run.length) > threshold, origin: run.origin)
    }

    /// One build every few minutes and nothing else: far fewer calls are too many where each is grave.
    private func slow(pair: PairState, tool: ToolState) -> RuleReading? {
        guard Int(pair.alone) * 2 >= slowMinimum, let usual = tool.slowRuns.percentile(95, minimum: learnedRuns) else {
            return nil
        }
        let threshold = max(slowMinimum, learnedFactor * (usual - 1)) * Int(pair.expected)
        let level = Int(pair.alone)
        guard level * 2 >= threshold else { return nil }
        return RuleReading(level: level, threshold: threshold, fires: level >= threshold, origin: pair.slowStart)
    }

    private static func isGrave(_ risk: Risk?) -> Bool {
        switch risk {
        case .execute, .destructive, .financial: true
        case .read, .write, .unknown, nil: false
        }
    }

    /// Counts a call into its agent's run, closing the one before.
    func note(
        _ call: CallEvent, at time: Int64, other: Bool, pair: PairState, agent: inout AgentState
    ) -> Int? {
        var ended: Int?
        let gap = time - agent.lastSeen
        if other || gap > RunState.pause || agent.run.length == 0 {
            if agent.run.length > 0 { ended = Int(agent.run.length) }
            if other, agent.run.length > 0, agent.endedRuns < .max { agent.endedRuns += 1 }
            agent.run = RunState(origin: pair.origin(of: call, at: time))
        } else if modelGap.contains(gap) {
            agent.run.paced += 1
        }
        agent.run.length += 1
        if call.pagesThroughList == true { agent.run.paging += 1 }
        if pair.sighting.isRepeated { agent.run.repeated += 1 }
        if call.verdict == .throttle { agent.run.throttled += 1 }
        return ended
    }

    /// Counts a grave tool's calls that come one by one with nothing else between; whatever else is between takes two away,
    /// so that a little other work does not hide them.
    func noteAlone(
        _ call: CallEvent, at time: Int64, other: Bool, agent: AgentState, pair: inout PairState, tool: inout ToolState
    ) {
        guard Self.isGrave(call.risk) else { return }
        if time - pair.lastSeen > slowPause || (other && pair.alone <= 2) {
            tool.slowRuns.add(Int(pair.mostAlone) + 1)
            pair.alone = 0
            pair.mostAlone = 0
            pair.slowStart = pair.origin(of: call, at: time)
        } else if other {
            pair.alone -= 2
        } else if time - agent.lastSeen >= spacedMicroseconds {
            pair.alone = UInt8(clamping: Int(pair.alone) + 1)
            pair.mostAlone = max(pair.mostAlone, pair.alone)
        }
    }
}
