import Events
public import Terminal
public import Warehouse

/// Everything about one agent: its tools, its limits, what was stopped, when it works.
public struct AgentReport: Report, DocumentedReport, Encodable {
    let report = "agent"
    let version = 1
    let period: PeriodFigures
    let coverage: CoverageFigures
    let agent: AgentFigures
    let tools: [UseFigures]
    let hours: HourFigures
    let limits: [LimitFigures]
    let denials: DenialFigures
    let alerts: [AlertFigures]

    private enum CodingKeys: String, CodingKey {
        case report, version, period, coverage, agent, tools, hours, limits, denials, alerts
    }

    /// Asks for an agent's period.
    ///
    /// - Parameter name: the agent; `(unresolved)` for callers that were not known.
    /// - Throws: `ReportError`, with the nearest names where no agent of this name has called.
    public static func make(
        of name: String, from store: WarehouseStore, in period: Period, zone: ReportZone = .utc
    ) throws(ReportError) -> AgentReport {
        let maker = UseMaker(
            store: store, period: period, zone: zone, filter: CallFilter(agent: name == "(unresolved)" ? "" : name))
        guard let agent = try maker.agents().first else { throw try maker.unknownAgent(name) }
        let coverage = try ask { () throws(WarehouseError) in try store.coverage(in: period) }
        return AgentReport(
            period: PeriodFigures(period, in: zone), coverage: CoverageFigures(coverage), agent: agent,
            tools: try maker.uses(), hours: try maker.hours(),
            limits: try LimitMaker(store: store, period: period, filter: maker.filter).limits(),
            denials: try DenialFigures(from: store, in: period, where: maker.filter), alerts: try maker.alerts())
    }

    static let csvHint = "tollgate report agent NAME --csv"

    var csv: CSV? { UseFigures.csv(tools, first: "tool") { [.text($0.server), .text($0.tool)] } }

    var document: Document {
        let counts = agent.counts
        let blocks = UseBlocks(zone: period.zone)
        return AnswerDocument.make(
            "tollgate agent \(agent.name)", period: period, coverage: coverage,
            summary:
                "\(name: agent.name) made \(Words.count(counts.calls, "call")) of \(Words.count(tools.count, "tool")): \(counts.denied) denied, \(counts.throttled) throttled, \(counts.errors) errors.",
            blocks: blocks.facts(agent) + [.table(blocks.table("Tools", tools, first: .tool))]
                + blocks.hours(hours) + blocks.rest(limits, denials, alerts))
    }

    /// Every figure as JSON.
    public func json() throws(ReportError) -> String { try encoded() }

    /// The report in a form.
    public func rendered(as format: ReportFormat, width: Int?, palette: Palette) throws(ReportError) -> String {
        try written(as: format, width: width, palette: palette)
    }
}
