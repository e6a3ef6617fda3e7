import Events

/// One agent's use of one tool.
struct UseFigures: Sendable, Equatable, Encodable {
    var agent: String?
    var server: String
    var tool: String
    var risk: String?
    var counts: CountFigures
    var activeMinutes: Int
    var peakMinute: PeakFigures?
    /// By local day of the report's period; empty where it has more than 31 days.
    var callsByDay: [Int]
    /// When the agent called the tool for the first time, where that lies in the period.
    var firstUse: Moment?

    static func csv(_ uses: [UseFigures], first: String, _ names: (UseFigures) -> [CSV.Value]) -> CSV {
        CSV(
            columns: (first == "tool" ? ["server", "tool"] : [first]) + [
                "calls", "allowed", "denied", "throttled", "held", "would_have_stopped", "errors", "active_minutes",
                "peak_minute_calls", "peak_minute", "first_use",
            ],
            rows: uses.map { use in
                names(use) + [
                    .number(use.counts.calls), .number(use.counts.allowed), .number(use.counts.denied),
                    .number(use.counts.throttled), .number(use.counts.held), .number(use.counts.wouldHaveStopped),
                    .number(use.counts.errors), .number(use.activeMinutes),
                    use.peakMinute.map { .number($0.calls) } ?? .empty,
                    use.peakMinute.map { .text($0.at.timestamp.description) } ?? .empty,
                    use.firstUse.map { .text($0.timestamp.description) } ?? .empty,
                ]
            })
    }
}
