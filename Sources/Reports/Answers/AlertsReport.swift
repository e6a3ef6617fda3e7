import Events
public import Terminal
public import Warehouse

/// The alerts that overlap a period, as they stand.
public struct AlertsReport: Report, DocumentedReport, Encodable {
    let report = "alerts"
    let version = 1
    let period: PeriodFigures
    let coverage: CoverageFigures
    let alerts: [AlertFigures]
    var brakes: [BrakeFigures] = []

    private enum CodingKeys: String, CodingKey {
        case report, version, period, coverage, alerts, brakes
    }

    /// How many of them fire now.
    public var firing: Int { alerts.filter { $0.state == "firing" }.count }

    /// Asks for a period's alerts.
    ///
    /// - Throws: `ReportError`.
    public static func make(
        from store: WarehouseStore, in period: Period, where filter: CallFilter = .all
    ) throws(ReportError) -> AlertsReport {
        let coverage = try ask { () throws(WarehouseError) in try store.coverage(in: period) }
        let alerts = try ask { () throws(WarehouseError) in try store.alerts(in: period) }
        let wanted = alerts.filter { alert in
            (filter.agent.map { $0 == alert.agent ?? "" } ?? true) && (filter.server.map { $0 == alert.server } ?? true)
                && (filter.tool.map { $0 == alert.tool } ?? true)
        }
        return AlertsReport(
            period: PeriodFigures(period), coverage: CoverageFigures(coverage), alerts: wanted.map { AlertFigures($0) },
            brakes: try BrakeFigures.all(from: store, in: period, where: filter))
    }

    static let csvHint = "tollgate report alerts --csv"

    var csv: CSV? {
        CSV(
            columns: [
                "id", "rule", "severity", "state", "agent", "server", "tool", "start", "raised", "end", "calls",
                "stopped",
                "identical", "summary",
            ],
            rows: alerts.map { alert in
                [
                    .text(alert.id), .text(alert.rule), .text(alert.severity), .text(alert.state),
                    .text(alert.agent ?? ""),
                    .text(alert.server ?? ""), .text(alert.tool ?? ""), .text(alert.start.timestamp.description),
                    .text(alert.raised.timestamp.description), .text(alert.end?.timestamp.description ?? ""),
                    alert.calls.map { .number($0) } ?? .empty, alert.stopped.map { .number($0) } ?? .empty,
                    alert.identical.map { .number($0) } ?? .empty, .text(alert.summary),
                ]
            })
    }

    var document: Document {
        let table = Table(
            caption: "Alerts",
            columns: [
                .text("raised"), .text("state"), .text("severity", drop: 2), .text("rule"), .name("agent"),
                .name("tool"),
                .number("calls", drop: 3), .number("stopped", drop: 3), .name("what", drop: 4), .text("id", drop: 1),
            ],
            rows: alerts.map { alert in
                [
                    .init("\(Words.moment(alert.raised.timestamp))"),
                    .init("\(alert.state)", AlertsReport.tone(alert.state)),
                    .init("\(alert.severity)"), .init("\(alert.rule)"), .name(alert.agent ?? "–"),
                    .name(alert.tool ?? "–"),
                    .init("\(alert.calls.map { Words.count($0) } ?? "–")"),
                    .init("\(alert.stopped.map { Words.count($0) } ?? "–")"),
                    .init("\(alert.summary)"), .init("\(code: alert.id)"),
                ]
            }, empty: "No alert in this time.")
        var blocks: [Block] = [.table(table)]
        if !brakes.isEmpty {
            let own = BrakeBlocks(brakes: brakes)
            blocks += [.paragraph(own.sentence, .plain), .table(own.table)]
        }
        return AnswerDocument.make(
            "tollgate alerts", period: period, coverage: coverage,
            summary: "\(Words.count(alerts.count, "alert")), \(firing) of them still firing.", blocks: blocks)
    }

    private static func tone(_ state: String) -> Tone {
        switch state {
        case "firing": .bad
        case "resolved": .good
        case "pending": .warn
        default: .quiet
        }
    }

    /// Every figure as JSON.
    public func json() throws(ReportError) -> String { try encoded() }

    /// The report in a form.
    public func rendered(as format: ReportFormat, width: Int?, palette: Palette) throws(ReportError) -> String {
        try written(as: format, width: width, palette: palette)
    }
}
