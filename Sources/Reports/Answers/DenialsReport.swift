public import Terminal
public import Warehouse

/// What was stopped: by rule, reason, tool and agent.
public struct DenialsReport: Report, DocumentedReport, Encodable {
    let report = "denials"
    let version = 1
    let period: PeriodFigures
    let coverage: CoverageFigures
    let calls: Int
    let denials: DenialFigures

    private enum CodingKeys: String, CodingKey {
        case report, version, period, coverage, calls, denials
    }

    /// Asks for a period's stopped calls.
    ///
    /// - Throws: `ReportError`.
    public static func make(
        from store: WarehouseStore, in period: Period, where filter: CallFilter = .all, zone: ReportZone = .utc
    ) throws(ReportError) -> DenialsReport {
        let coverage = try ask { () throws(WarehouseError) in try store.coverage(in: period) }
        let totals = try ask { () throws(WarehouseError) in try store.totals(in: period, where: filter) }
        return DenialsReport(
            period: PeriodFigures(period, in: zone), coverage: CoverageFigures(coverage), calls: totals.counts.calls,
            denials: try DenialFigures(from: store, in: period, where: filter))
    }

    static let csvHint = "tollgate report denials --csv"

    var csv: CSV? {
        CSV(
            columns: [
                "rule", "reason", "decision", "mode", "policy", "calls", "agents", "tools", "mostly_agent",
                "mostly_calls",
            ],
            rows: denials.byRule.map { rule in
                [
                    .text(rule.rule ?? ""), .text(rule.reason), .text(rule.decision), .text(rule.mode),
                    .text(rule.policy ?? ""),
                    .number(rule.calls), .number(rule.agents), .number(rule.tools), .text(rule.mostlyAgent ?? ""),
                    .number(rule.mostlyCalls),
                ]
            })
    }

    var document: Document {
        let share = calls > 0 ? Words.percent(Double(denials.stopped) / Double(calls)) : "0 %"
        return AnswerDocument.make(
            "tollgate denials", period: period, coverage: coverage,
            summary: "\(denials.stopped) of \(calls) calls were stopped (\(share)).",
            blocks: DenialBlocks(denials: denials, zone: period.zone).blocks)
    }

    /// Every figure as JSON.
    public func json() throws(ReportError) -> String { try encoded() }

    /// The report in a form.
    public func rendered(as format: ReportFormat, width: Int?, palette: Palette) throws(ReportError) -> String {
        try written(as: format, width: width, palette: palette)
    }
}
