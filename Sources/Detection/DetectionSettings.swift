/// What an operator says about an agent, a server or a tool, so that a rule need not learn it.
public struct Declaration: Sendable, Equatable {
    /// The agent it is about; nil for all.
    public var agent: String?
    /// The server it is about; nil for all.
    public var server: String?
    /// The tool it is about; nil for all.
    public var tool: String?
    /// Whether identical calls are polling and no loop; nil where their regularity decides.
    public var polling: Bool?
    /// How often the client retries a failing call by itself.
    public var retries: Int?
    /// The most calls in three hours.
    public var budget: Int?
    /// How many times the usual load is expected: it multiplies what `cap`, `run` and `polling` hold against it.
    public var expectedLoad: Int?

    /// Makes a declaration.
    public init(
        agent: String? = nil, server: String? = nil, tool: String? = nil, polling: Bool? = nil, retries: Int? = nil,
        budget: Int? = nil, expectedLoad: Int? = nil
    ) {
        self.agent = agent
        self.server = server
        self.tool = tool
        self.polling = polling
        self.retries = retries
        self.budget = budget
        self.expectedLoad = expectedLoad
    }

    func applies(to name: PairName) -> Bool {
        (agent ?? name.agent) == name.agent && (server ?? name.server) == name.server
            && (tool ?? name.tool) == name.tool
    }
}

/// The rules' parameters and the operator's declarations.
public struct DetectionSettings: Sendable {
    /// Declarations, in order: a later one overrides an earlier one where both speak.
    public var declarations: [Declaration] = []
    /// The rule `loop`.
    public var loop = LoopRule()
    /// The rule `polling`.
    public var polling = PollingRule()
    /// The rule `run`.
    public var run = RunRule()
    /// The rule `cap`.
    public var cap = CapRule()
    /// The rule `surge`.
    public var surge = SurgeRule()
    /// The rule `denials`.
    public var denials = DenialsRule()
    /// The rule `budget`.
    public var budget = BudgetRule()
    /// The rule `defiance`.
    public var defiance = DefianceRule()
    /// The rule `novelty`.
    public var novelty = NoveltyRule()
    /// The rule `fleet`.
    public var fleet = FleetRule()
    /// The rule `silence`.
    public var silence = SilenceRule()
    /// Rules that say nothing.
    public var disabled: Set<RuleName> = []
    /// A finding is cleared when its count has stayed below half of its threshold for this long, in microseconds.
    public var calmMicroseconds: Int64 = 600_000_000
    /// Calls older than the newest by more than this, in microseconds, are counted as late and not looked at.
    public var latenessMicroseconds: Int64 = 120_000_000
    /// The most (agent, server, tool) triples that are remembered; beyond it the idle ones make room, so that made-up
    /// names cannot fill the memory.
    public var maximumPairs = 200_000

    /// The defaults.
    public init() {}

    /// The same settings with these rules alone.
    public func only(_ rules: Set<RuleName>) -> DetectionSettings {
        var copy = self
        copy.disabled = disabled.union(Set(RuleName.allCases).subtracting(rules))
        return copy
    }
}
