public import Detection
public import Events
public import Terminal

/// How a weekly report is made.
public struct WeeklyOptions: Sendable {
    /// The week; without one, the last complete week that has calls, else the running one.
    public var week: ISOWeek?
    /// The time zone in which days and weeks begin.
    ///
    /// Only `UTC` so far.
    public var timeZone = "UTC"
    /// When the report counts as made; by default the last record's time, so that it can be made again byte for byte.
    public var generatedAt: Timestamp?
    /// The rules that find runaway agents: the same as the live ones.
    public var detection = DetectionSettings()
    /// Days before the week from which the detectors learn.
    public var learningDays = 7
    /// The logs' newest signed heads: whoever has the report can tell later whether records were changed or removed.
    public var heads: [HeadFigures] = []
    /// An incident's id, by which its live alert is found; without it they are matched by rule, agent, tool and start.
    public var incidentID: (@Sendable (Finding) -> String)?

    /// The defaults.
    public init() {}
}

/// One log's newest signed head.
public struct HeadFigures: Sendable, Encodable {
    /// The log's name.
    let log: String
    /// The head as it is published (C2SP tlog-checkpoint).
    let note: String

    /// Takes over a head.
    public init(log: String, note: String) {
        self.log = log
        self.note = note
    }
}

/// One week of a fleet: who called what, what was stopped, who ran away and whether anybody was told.
public struct WeeklyReport: Report, DocumentedReport, Encodable {
    /// The form of the JSON, raised when a figure changes its name or meaning.
    let version = 1
    let report = "weekly"
    var period: PeriodFigures
    var generatedAt: Moment
    var coverage: CoverageFigures
    var totals: TotalFigures
    var days: [DayFigures]
    var incidents: [IncidentFigures]
    var agents: [AgentFigures]
    var denials: DenialFigures
    var nearMisses: [NearMissFigures]
    var highRisk: [HighRiskFigures]
    var hours: HourFigures
    var alerts: [AlertRuleFigures]
    var brakes: [BrakeFigures] = []
    var heads: [HeadFigures]
    /// The sentence on top.
    var verdict: String { WeeklyVerdict(self).sentence.plain }

    private enum CodingKeys: String, CodingKey {
        case version, report, period, generatedAt, verdict, coverage, totals, days, incidents, agents, denials,
            nearMisses
        case highRisk, hours, alerts, brakes, heads
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
        try container.encode(denials, forKey: .denials)
        try container.encode(nearMisses, forKey: .nearMisses)
        try container.encode(highRisk, forKey: .highRisk)
        try container.encode(hours, forKey: .hours)
        try container.encode(alerts, forKey: .alerts)
        try container.encode(brakes, forKey: .brakes)
        try container.encode(heads, forKey: .heads)
    }

    /// Every figure as JSON.
    public func json() throws(ReportError) -> String { try encoded() }

    /// The report in a form.
    public func rendered(as format: ReportFormat, width: Int?, palette: Palette) throws(ReportError) -> String {
        try written(as: format, width: width, palette: palette)
    }
}
