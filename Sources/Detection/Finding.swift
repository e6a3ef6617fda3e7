public import Events

/// A rule's name, as in the table of `docs/DETECTION.md`.
public enum RuleName: String, Sendable, CaseIterable {
    /// The same call over and over.
    case loop
    /// A poll that does not end.
    case polling
    /// One tool over and over, with other arguments each time.
    case run
    /// Far more calls in a minute than ever.
    case cap
    /// More calls than the agent's own pace, for long enough.
    case surge
    /// Denied over and over.
    case denials
    /// More calls of one tool in three hours than its budget.
    case budget
    /// Retries that do not wait as they were told.
    case defiance
    /// The first use of a high-risk tool.
    case novelty
    /// One tool far busier than ever, through several agents.
    case fleet
    /// An agent, or the whole log, that should be speaking and is not.
    case silence
}

/// How much of a person's attention a finding is worth.
public enum Severity: String, Sendable, CaseIterable, Comparable {
    /// Worth knowing.
    case info
    /// Worth a look today.
    case warn
    /// Worth waking someone.
    case page

    /// The lesser severity is the smaller.
    public static func < (a: Severity, b: Severity) -> Bool {
        a.rank < b.rank
    }

    private var rank: Int {
        switch self {
        case .info: 0
        case .warn: 1
        case .page: 2
        }
    }
}

/// What a rule found about one agent and one tool, with its proof.
public struct Finding: Sendable, Equatable {
    /// The rule.
    public var rule: RuleName
    /// How grave it is.
    public var severity: Severity
    /// Who called; `*` where it is about all agents.
    public var agent: String
    /// The upstream's configured name; `*` where it is about all.
    public var server: String
    /// The tool; `*` where it is about all.
    public var tool: String
    /// When it began, which is before it was found.
    public var start: Timestamp
    /// When it was found.
    public var detected: Timestamp
    /// The last call that kept it going.
    public var lastSeen: Timestamp
    /// Calls of this tool by this agent since the start.
    public var attempts: Int
    /// How many of them were denied or throttled.
    public var denied: Int
    /// How many had the same arguments.
    public var same: Int
    /// The most calls within 60 seconds.
    public var peakPerMinute: Int
    /// What the rule's count was held against.
    public var threshold: Int
    /// The agent's usual calls per minute with this tool while it is active; nil where nothing was learned yet.
    public var usualPerMinute: Double?
    /// A finding that says the same of all agents, and makes this one not worth another message.
    public var inhibitedBy: RuleName?
    /// Whether the calls' results did not change either.
    public var resultUnchanged: Bool
    /// The first call's record.
    public var firstRecord: RecordReference
    /// The record of the last call that kept it going.
    public var lastRecord: RecordReference

    /// Makes a finding without counts, to be filled in.
    public init(
        rule: RuleName, severity: Severity, agent: String, server: String, tool: String, start: Timestamp,
        firstRecord: RecordReference
    ) {
        self.rule = rule
        self.severity = severity
        self.agent = agent
        self.server = server
        self.tool = tool
        self.start = start
        self.firstRecord = firstRecord
        detected = start
        lastSeen = start
        attempts = 0
        denied = 0
        same = 0
        peakPerMinute = 0
        threshold = 0
        resultUnchanged = false
        lastRecord = firstRecord
    }
}

/// A finding's beginning, growth or end.
public struct FindingChange: Sendable, Equatable {
    /// What changed.
    public enum Kind: String, Sendable {
        /// It was found.
        case raised
        /// Three times as many calls as when it was last told.
        case continues
        /// Graver than when it was last told.
        case escalated
        /// Its count stayed below half of the threshold for ten minutes.
        case cleared
    }

    /// What changed.
    public var kind: Kind
    /// The finding as it stands.
    public var finding: Finding
    /// When: a call's time, or for `cleared` the moment the ten minutes were over.
    public var at: Timestamp

    /// Makes a change.
    public init(kind: Kind, finding: Finding, at: Timestamp) {
        self.kind = kind
        self.finding = finding
        self.at = at
    }
}
