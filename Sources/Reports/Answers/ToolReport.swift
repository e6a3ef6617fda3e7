import Events
public import Terminal
public import Warehouse

/// Everything about one tool: who calls it, its limits, what was stopped, when it is called.
public struct ToolReport: Report, DocumentedReport, Encodable {
    let report = "tool"
    let version = 1
    let period: PeriodFigures
    let coverage: CoverageFigures
    let tool: ToolFigures
    let agents: [UseFigures]
    let hours: HourFigures
    let limits: [LimitFigures]
    let denials: DenialFigures
    let alerts: [AlertFigures]

    private enum CodingKeys: String, CodingKey {
        case report, version, period, coverage, tool, agents, hours, limits, denials, alerts
    }

    /// Asks for a tool's period.
    ///
    /// - Parameter name: the tool, or `server/tool` where several servers have one of that name.
    /// - Throws: `ReportError`: with the nearest names where no tool of this name was called, with the servers where
    ///   several have it.
    public static func make(
        of name: String, from store: WarehouseStore, in period: Period, zone: ReportZone = .utc
    ) throws(ReportError) -> ToolReport {
        let all = try ask { () throws(WarehouseError) in try store.agentTools(in: period) }
        let key = try ToolReport.key(name, among: Set(all.map { ToolKey($0.name) }))
        let maker = UseMaker(
            store: store, period: period, zone: zone, filter: CallFilter(server: key.server, tool: key.tool))
        let rates = try ask { () throws(WarehouseError) in try store.tools(in: period, where: maker.filter) }
        guard let tool = rates.first else { throw ReportError(.internal, "a tool's calls are gone") }
        let coverage = try ask { () throws(WarehouseError) in try store.coverage(in: period) }
        return ToolReport(
            period: PeriodFigures(period, in: zone), coverage: CoverageFigures(coverage), tool: ToolFigures(tool),
            agents: try maker.uses(), hours: try maker.hours(),
            limits: try LimitMaker(store: store, period: period, filter: maker.filter).limits(),
            denials: try DenialFigures(from: store, in: period, where: maker.filter), alerts: try maker.alerts())
    }

    /// The tool that a name stands for.
    private static func key(_ name: String, among tools: Set<ToolKey>) throws(ReportError) -> ToolKey {
        let matches = tools.filter { $0.tool == name || "\($0.server)/\($0.tool)" == name }
            .sorted { ($0.server, $0.tool) < ($1.server, $1.tool) }
        if let only = matches.first, matches.count == 1 { return only }
        guard matches.isEmpty else {
            let names = matches.map { "\($0.server)/\($0.tool)" }
            throw ReportError(
                .usage,
                "\(matches.count) servers have a tool '\(VisibleText.of(name))': \(names.joined(separator: ", "))",
                hint: "tollgate report tool \(ShellWord.quoted(names[0]))")
        }
        throw .unknown("tool", name, command: "tool", among: Set(tools.map(\.tool)))
    }

    static let csvHint = "tollgate report tool NAME --csv"

    var csv: CSV? { UseFigures.csv(agents, first: "agent") { [.text($0.agent ?? "")] } }

    var document: Document {
        let counts = tool.counts
        let blocks = UseBlocks(zone: period.zone)
        return AnswerDocument.make(
            "tollgate tool \(tool.tool)", period: period, coverage: coverage,
            summary:
                "\(name: tool.tool) on \(tool.server) was called \(counts.calls) times by \(Words.count(agents.count, "agent")): \(counts.denied) denied, \(counts.throttled) throttled, \(counts.errors) errors.",
            blocks: blocks.facts(tool) + [.table(blocks.table("Agents", agents, first: .agent))]
                + blocks.hours(hours) + blocks.rest(limits, denials, alerts))
    }

    /// Every figure as JSON.
    public func json() throws(ReportError) -> String { try encoded() }

    /// The report in a form.
    public func rendered(as format: ReportFormat, width: Int?, palette: Palette) throws(ReportError) -> String {
        try written(as: format, width: width, palette: palette)
    }
}
