import Events

/// More calls of one tool in three hours than its budget: what finds one build every five minutes for hours.
///
/// The budget is declared, or for tools that execute or destroy max(`minimum`, `factor` × the peers' 99th percentile of
/// calls in three hours).
public struct BudgetRule: DetectionRule {
    /// The least budget that is not declared.
    public var minimum = 10
    /// The peers' p99 is multiplied by this.
    public var factor = 4
    /// Three-hour blocks of the tool, over all agents, before its p99 counts.
    public var learnedBlocks = 40

    /// The defaults.
    public init() {}

    /// `budget`.
    public static let name = RuleName.budget
    /// A page.
    public static let severity = Severity.page
    /// The condition.
    public static let firesWhen = """
        one agent calls one tool in three hours more often than its budget: the declared one, or for tools that execute or \
        destroy max(10, 4 × the 99th percentile of all agents' three-hour counts of the tool)
        """
    /// The exemptions.
    public static let staysSilent = """
        Tools that read or write, unless a budget is declared. A tool that is new: until 40 three-hour blocks were seen \
        there is no percentile. Throttled attempts: what a limit turned away used no budget.
        """

    /// One look at one call.
    func read(_ call: CallEvent, at time: Int64, pair: inout PairState, tool: inout ToolState) -> RuleReading? {
        pair.hours.advance(to: time, learned: &tool.threeHours)
        guard call.verdict != .throttle || call.mode == .shadow else { return nil }
        let budget = budget(call, pair: pair, tool: tool)
        // What is over budget began where the count was last an ordinary one.
        if pair.hours.total <= (budget ?? 0) / 3, pair.alone == 0 { pair.slowStart = pair.origin(of: call, at: time) }
        pair.hours.add(call.attempts)
        guard let budget else { return nil }
        let level = pair.hours.total
        guard level * 2 >= budget else { return nil }
        return RuleReading(level: level, threshold: budget, fires: level > budget, origin: pair.slowStart)
    }

    private func budget(_ call: CallEvent, pair: PairState, tool: ToolState) -> Int? {
        if pair.declaredBudget > 0 { return Int(pair.declaredBudget) }
        guard call.risk == .execute || call.risk == .destructive,
            tool.threeHours.total >= learnedBlocks
        else { return nil }
        let high = tool.threeHours.quantile(permille: 990)
        return max(minimum, factor * high)
    }
}
