import Events

/// One runaway: what an agent did with a tool, whether it was stopped, whether anybody was told, and what to change.
struct IncidentFigures: Sendable, Equatable, Encodable {
    /// The ids that live alerts on its findings have or would have; empty where the maker was not told how they are made.
    var ids: [String]
    var agent: String
    var server: String
    var tool: String
    var risk: String?
    /// The rules that fired, in the order of time.
    var rules: [String]
    var severity: String
    var start: Moment
    var detected: Moment
    var end: Moment
    var calls: Int
    var stopped: Int
    var identical: Int
    var resultUnchanged: Bool
    var peakPerMinute: Int
    /// The pair's calls per active minute in the four weeks before; absent where it had none.
    var usualPerMinute: Double?
    var explanation: String
    /// What to change, in words.
    var advice: [String]
    /// The calls a minute that the advice would allow, where nothing stopped it.
    var advisedMaximum: Int?
    /// A policy fragment that would have stopped it, where nothing did.
    var policy: String?
    var firstRecord: String
    var lastRecord: String
    /// The live alerts of this incident; empty where nobody was told.
    var alerts: [AlertFigures]
    var timeline: TimelineFigures?
    var day: DayShapeFigures?

    /// Calls that reached the server.
    var passed: Int { calls - stopped }

    /// The first alert that fired with severity `page`.
    var page: AlertFigures? { alerts.filter { $0.severity == "page" }.min { $0.raised < $1.raised } }
}

/// A live alert.
struct AlertFigures: Sendable, Equatable, Encodable {
    var id: String
    var rule: String
    var severity: String
    var state: String
    var agent: String?
    var server: String?
    var tool: String?
    var start: Moment
    var raised: Moment
    var end: Moment?
    var summary: String
    var calls: Int?
    var stopped: Int?
    var identical: Int?
    var acknowledged: Bool
    var silenced: Bool
}

/// An incident's calls over time.
struct TimelineFigures: Sendable, Equatable, Encodable {
    var from: Moment
    var stepSeconds: Int
    var passed: [Int]
    var stopped: [Int]
}

/// The local day on which an incident began, hour by hour, beside what its hours usually hold.
struct DayShapeFigures: Sendable, Equatable, Encodable {
    var from: Moment
    var passed: [Int]
    var stopped: [Int]
    /// The least and the most calls that these hours of the day had in the 28 days before, in all but the lowest and the
    /// highest tenth of the days.
    var usualLow: [Int]
    var usualHigh: [Int]
}
