import Events

/// One agent's week.
struct AgentFigures: Sendable, Equatable, Encodable {
    /// Absent where the caller was not known.
    var agent: String?
    var counts: CountFigures
    var previousCalls: Int?
    /// The median of the four weeks before, where the log reaches back two of them or more.
    var medianCalls: Int?
    var activeHours: Int
    var callsPerActiveHour: Double
    var peakMinute: PeakFigures?
    var busiestHour: PeakFigures?
    var tools: [String]
    /// Those of its tools that it used for the first time.
    var newTools: [String] = []
    /// Calls, each counted by its tool's class (`RiskWeight`).
    var riskWeightedCalls = 0
    var p95Microseconds: Int?
    var callsByDay: [Int]
    /// The same with the three weeks before; absent where the report has no such history.
    var callsOf28Days: [Int]?
    /// How many incidents it has in this report.
    var incidents: Int

    var name: String { agent ?? "(unresolved)" }
}

/// One row of the high-risk table.
struct HighRiskFigures: Sendable, Equatable, Encodable {
    var server: String
    var tool: String
    var risk: String
    var agent: String?
    var callsByDay: [Int]
    var stopped: Int
    var peakMinute: PeakFigures?
    /// The least that a limit of a minute allowed these calls; absent where none applied.
    var limitPerMinute: Int?
    /// First used by this agent within the period.
    var isNew: Bool
}

/// Calls by hour of the week, Monday 00 first.
struct HourFigures: Sendable, Equatable, Encodable {
    var calls: [Int]
    var stopped: [Int]
    /// Share of calls outside Monday to Friday, 07–19.
    var offHoursShare: Double?
    /// Share of stopped calls outside them.
    var offHoursStoppedShare: Double?
}

/// Alerts of one rule.
struct AlertRuleFigures: Sendable, Equatable, Encodable {
    var rule: String
    var severity: String
    var raised: Int
    var stillFiring: Int
    var acknowledged: Int
    var silenced: Int
    /// Raised, for each agent that called and each week.
    var perAgentWeek: Double?
    /// From an alert's start to its first record.
    var medianDetectionMicroseconds: Int?
}
