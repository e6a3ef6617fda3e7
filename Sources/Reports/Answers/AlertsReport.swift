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
        from store: WarehouseStore, in period: Period, where filter: CallFilter = .all, zone: ReportZone = .utc
    ) throws(ReportError) -> AlertsReport {
        let coverage = try ask { () throws(WarehouseError) in try store.coverage(in: period) }
        let alerts = try ask { () throws(WarehouseError) in try store.alerts(in: period) }
        let wanted = alerts.filter { alert in
            (filter.agent.map { $0 == alert.agent ?? "" } ?? true) && (filter.server.map { $0 == alert.server } ?? true)
                && (filter.tool.map { $0 == alert.tool } ?? true)
        }
        return AlertsReport(
            period: PeriodFigures(period, in: zone), coverage: CoverageFigures(coverage),
            alerts: wanted.map { AlertFigures($0) },
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
        var blocks: [Block] = [.table(AlertBlocks(alerts: alerts, zone: period.zone).table)]
        if !brakes.isEmpty {
            let own = BrakeBlocks(brakes: brakes, zone: period.zone)
            blocks += [.paragraph(own.sentence, .plain), .table(own.table)]
        }
        return AnswerDocument.make(
            "tollgate alerts", period: period, coverage: coverage,
            summary: "\(Words.count(alerts.count, "alert")), \(firing) of them still firing.", blocks: blocks)
    }

    /// Every figure as JSON.
    public func json() throws(ReportError) -> String { try encoded() }

    /// The report in a form.
    public func rendered(as format: ReportFormat, width: Int?, palette: Palette) throws(ReportError) -> String {
        try written(as: format, width: width, palette: palette)
    }
}
