import Events
public import Terminal
public import Warehouse

/// Who called how often: agents and tools of a period.
public struct RatesReport: Report, DocumentedReport, Encodable {
    let report = "rates"
    let version = 1
    let period: PeriodFigures
    let coverage: CoverageFigures
    let counts: CountFigures
    let agents: [AgentFigures]
    let tools: [ToolFigures]
    /// Whether a page shows the tools before the agents.
    private var isAboutTools = false

    /// The same, for a page about tools.
    package var toolsFirst: RatesReport {
        var report = self
        report.isAboutTools = true
        return report
    }

    private enum CodingKeys: String, CodingKey {
        case report, version, period, coverage, counts, agents, tools
    }

    /// Asks for a period's rates.
    ///
    /// - Throws: `ReportError`.
    public static func make(
        from store: WarehouseStore, in period: Period, where filter: CallFilter = .all, zone: ReportZone = .utc
    ) throws(ReportError) -> RatesReport {
        let coverage = try ask { () throws(WarehouseError) in try store.coverage(in: period) }
        let tools = try ask { () throws(WarehouseError) in try store.tools(in: period, where: filter) }
        let totals = try ask { () throws(WarehouseError) in try store.totals(in: period, where: filter) }
        return RatesReport(
            period: PeriodFigures(period, in: zone), coverage: CoverageFigures(coverage),
            counts: CountFigures(totals.counts),
            agents: try AgentFigures.all(from: store, in: period, where: filter, zone: zone),
            tools: tools.map { ToolFigures($0) })
    }

    static let csvHint = "tollgate report rates --csv"

    var csv: CSV? {
        CSV(
            columns: [
                "agent", "calls", "allowed", "denied", "throttled", "held", "would_have_stopped", "errors",
                "active_hours",
                "calls_per_active_hour", "peak_minute_calls", "peak_minute", "tools", "p95_us",
            ],
            rows: agents.map { agent in
                [
                    .text(agent.agent ?? ""), .number(agent.counts.calls), .number(agent.counts.allowed),
                    .number(agent.counts.denied),
                    .number(agent.counts.throttled), .number(agent.counts.held), .number(agent.counts.wouldHaveStopped),
                    .number(agent.counts.errors), .number(agent.activeHours), .decimal(agent.callsPerActiveHour),
                    agent.peakMinute.map { .number($0.calls) } ?? .empty,
                    agent.peakMinute.map { .text($0.at.timestamp.description) } ?? .empty, .number(agent.tools.count),
                    agent.p95Microseconds.map { .number($0) } ?? .empty,
                ]
            })
    }

    var document: Document {
        let table = Table(
            caption: "Agents",
            columns: [
                .name("agent"), .number("calls"), .number("per active hour"), .number("most in a minute"),
                .text("when", drop: 6),
                .number("denied"), .number("throttled"), .number("errors"), .number("tools", drop: 5),
                .number("p95", drop: 4),
                .text("by day", drop: 3),
            ],
            rows: agents.map { agent in
                [
                    .name(agent.name), .count(agent.counts.calls), .init("\(Words.decimal(agent.callsPerActiveHour))"),
                    .init("\(agent.peakMinute.map { Words.count($0.calls) } ?? "–")"),
                    .init("\(agent.peakMinute.map { period.zone.moment($0.at) } ?? "")", .quiet),
                    .count(agent.counts.denied, .bad), .count(agent.counts.throttled, .warn),
                    .count(agent.counts.errors),
                    .count(agent.tools.count),
                    .init("\(agent.p95Microseconds.map { Words.duration(microseconds: Int64($0)) } ?? "–")"),
                    .spark(agent.callsByDay, "\(agent.callsByDay.map { Words.count($0) }.joined(separator: ", "))"),
                ]
            }, empty: "No agent called a tool in this time.")
        return AnswerDocument.make(
            "tollgate rates", period: period, coverage: coverage,
            summary:
                "\(counts.calls) calls by \(Words.count(agents.count, "agent")): \(counts.denied) denied, \(counts.throttled) throttled, \(counts.errors) errors.",
            blocks: isAboutTools ? [.table(toolTable), .table(table)] : [.table(table), .table(toolTable)])
    }

    private var toolTable: Table {
        Table(
            caption: "Tools",
            columns: [
                .name("tool"), .name("server", drop: 2), .text("risk", drop: 1), .number("calls"),
                .number("most in a minute"),
                .number("denied"), .number("throttled"), .number("errors"), .number("agents"), .number("p50", drop: 4),
                .number("p95", drop: 3),
            ],
            rows: tools.map { tool in
                [
                    .name(tool.tool), .name(tool.server), .init("\(tool.risk ?? "–")"), .count(tool.counts.calls),
                    .init("\(tool.peakMinute.map { Words.count($0.calls) } ?? "–")"), .count(tool.counts.denied, .bad),
                    .count(tool.counts.throttled, .warn), .count(tool.counts.errors), .count(tool.agents),
                    .init("\(tool.latency.map { Words.duration(microseconds: Int64($0.p50Microseconds)) } ?? "–")"),
                    .init("\(tool.latency.map { Words.duration(microseconds: Int64($0.p95Microseconds)) } ?? "–")"),
                ]
            }, empty: "No tool was called in this time.")
    }

    /// Every figure as JSON.
    public func json() throws(ReportError) -> String { try encoded() }

    /// The report in a form.
    public func rendered(as format: ReportFormat, width: Int?, palette: Palette) throws(ReportError) -> String {
        try written(as: format, width: width, palette: palette)
    }
}

/// One tool of a period.
struct ToolFigures: Sendable, Equatable, Encodable {
    var server: String
    var tool: String
    var risk: String?
    var counts: CountFigures
    var agents: Int
    var peakMinute: PeakFigures?
    var latency: LatencyFigures?

    init(_ rate: ToolRate) {
        server = rate.name.server
        tool = rate.name.tool
        risk = rate.name.risk?.rawValue
        counts = CountFigures(rate.counts)
        agents = rate.agents.count
        peakMinute = PeakFigures(rate.peak)
        latency = LatencyFigures(rate.latency)
    }
}
