public import Detection
public import Events
public import Terminal

/// How a weekly report is made.
public struct WeeklyOptions: Sendable {
    /// The week; without one, the last complete week that has calls, else the running one.
    public var week: ISOWeek?
    /// The time zone in which days and weeks begin, by its name in the tz database.
    public var timeZone = "UTC"
    /// When the report counts as made; by default the last record's time, so that it can be made again byte for byte.
    public var generatedAt: Timestamp?
    /// The rules that find runaway agents: the same as the live ones.
    public var detection = DetectionSettings()
    /// Days before the week from which the detectors learn.
    public var learningDays = 7
    /// Tools that policies grant, to find those that nobody uses; empty where no policy was handed in.
    public var granted: [GrantedTools] = []
    /// The program's version, for the appendix.
    public var version = ""
    /// The logs' newest signed heads: whoever has the report can tell later whether records were changed or removed.
    public var heads: [HeadFigures] = []
    /// An incident's id, by which its live alert is found; without it they are matched by rule, agent, tool and start.
    public var incidentID: (@Sendable (Finding) -> String)?

    /// The defaults.
    public init() {}
}

/// What one policy grants.
public struct GrantedTools: Sendable {
    /// The policy's name.
    let policy: String
    /// The tools that it lists and lets through.
    let tools: [String]

    /// Takes over a policy's tools.
    public init(policy: String, tools: [String]) {
        self.policy = policy
        self.tools = tools
    }
}

/// One log's newest signed head.
public struct HeadFigures: Sendable, Encodable {
    /// The log's name.
    let log: String
    /// The records under it: those of seq 0 to `size` − 1.
    let size: UInt64
    /// The head as it is published (C2SP tlog-checkpoint).
    let note: String

    /// Takes over a head.
    public init(log: String, size: UInt64, note: String) {
        self.log = log
        self.size = size
        self.note = note
    }
}

/// What a report was made with, beside the log.
struct ParameterFigures: Sendable, Equatable, Encodable {
    /// The program's version; empty where it was not told.
    var program = ""
    /// Days before the week from which the detectors learned.
    var learningDays = 7
    /// The least number of identical calls that is a loop, and of attempts a minute that is too many.
    var loopMinimum = 7
    var capMinimum = 35
    /// The base below which a change is no percentage.
    var smallestBase = Change.smallestBase
    /// From which log-likelihood ratio on a mover is told.
    var leastLogLikelihood = LogLikelihood.least
}

/// One week of a fleet: who called what, what was stopped, who ran away and whether anybody was told.
public struct WeeklyReport: Report, DocumentedReport, Encodable {
    /// The form of the JSON, raised when a figure changes its name or meaning.
    let version = 2
    let report = "weekly"
    var period: PeriodFigures
    var generatedAt: Moment
    var coverage: CoverageFigures
    var totals: TotalFigures
    var days: [DayFigures]
    var incidents: [IncidentFigures]
    var agents: [AgentFigures]
    /// Absent where there is no earlier week.
    var movers: MoversFigures?
    var denials: DenialFigures
    var nearMisses: [NearMissFigures]
    var highRisk: [HighRiskFigures]
    var hours: HourFigures
    var recommendations: [RecommendationFigures] = []
    var alerts: [AlertRuleFigures]
    var brakes: [BrakeFigures] = []
    var heads: [HeadFigures]
    /// What the report was made with.
    var parameters: ParameterFigures
    /// The sentence on top.
    var verdict: String { WeeklyVerdict(self).sentence.plain }

    private enum CodingKeys: String, CodingKey {
        case version, report, period, generatedAt, verdict, coverage, totals, days, incidents, agents, movers, denials
        case nearMisses, highRisk, hours, recommendations, alerts, brakes, heads, parameters
    }

    static let csvHint = "tollgate report rates --csv"

    var csv: CSV? { nil }

    var document: Document { WeeklyDocument(report: self).document }

    /// The figures.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(version, forKey: .version)
        try container.encode(report, forKey: .report)
        try container.encode(period, forKey: .period)
        try container.encode(generatedAt, forKey: .generatedAt)
        try container.encode(verdict, forKey: .verdict)
        try container.encode(coverage, forKey: .coverage)
        try container.encode(totals, forKey: .totals)
        try container.encode(days, forKey: .days)
        try container.encode(incidents, forKey: .incidents)
        try container.encode(agents, forKey: .agents)
        try container.encodeIfPresent(movers, forKey: .movers)
        try container.encode(denials, forKey: .denials)
        try container.encode(nearMisses, forKey: .nearMisses)
        try container.encode(highRisk, forKey: .highRisk)
        try container.encode(hours, forKey: .hours)
        try container.encode(recommendations, forKey: .recommendations)
        try container.encode(alerts, forKey: .alerts)
        try container.encode(brakes, forKey: .brakes)
        try container.encode(heads, forKey: .heads)
        try container.encode(parameters, forKey: .parameters)
    }

    /// Every figure as JSON.
    public func json() throws(ReportError) -> String { try encoded() }

    /// The report in a form.
    public func rendered(as format: ReportFormat, width: Int?, palette: Palette) throws(ReportError) -> String {
        try written(as: format, width: width, palette: palette)
    }
}
