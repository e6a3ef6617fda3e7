import Terminal

/// How the alerts did, by rule.
struct AlertRuleBlocks {
    let report: WeeklyReport

    var section: Section {
        let table = Table(
            caption: "Alerts by rule",
            columns: [
                .text("rule"), .text("severity"), .number("raised"), .number("per agent-week", drop: 1),
                .number("still firing"), .number("acknowledged", drop: 3), .number("silenced", drop: 4),
                .number("median time to detect", drop: 2),
            ],
            rows: report.alerts.map { rule in
                [
                    .name(rule.rule), .init("\(rule.severity)"), .count(rule.raised),
                    .init("\(rule.perAgentWeek.map { Words.decimal($0, places: 2) } ?? "–")"),
                    .count(rule.stillFiring, .bad), .count(rule.acknowledged), .count(rule.silenced),
                    .init("\(rule.medianDetectionMicroseconds.map { Words.duration(microseconds: Int64($0)) } ?? "–")"),
                ]
            }, empty: "The live watch raised no alert in this period.", query: "alerts")
        return Section(
            id: "alerts", title: "Alert quality", lead: "What the live watch raised, from its own records.",
            blocks: [.paragraph(told, .plain), .table(table)])
    }

    /// How many runaways were told about, and how much of what was told was acted on.
    private var told: Prose {
        let runaways = report.incidents.filter { $0.severity == "page" }
        let paged = runaways.filter { $0.page != nil }.count
        var text: Prose =
            runaways.isEmpty
            ? "No runaway, so nothing to miss."
            : "The live watch paged for \(strong: paged) of \(Words.count(runaways.count, "runaway"))."
        let pages = report.alerts.filter { $0.severity == "page" }.reduce(0) { $0 + $1.raised }
        let matched = Set(runaways.flatMap(\.alerts).filter { $0.severity == "page" }.map(\.id)).count
        let unmatched = max(pages - matched, 0)
        if pages > 0 {
            text +=
                unmatched == 0
                ? " No page was about anything else."
                : " \(unmatched) of \(Words.count(pages, "page")) belonged to no runaway."
        }
        let raised = report.alerts.reduce(0) { $0 + $1.raised }
        let acknowledged = report.alerts.reduce(0) { $0 + $1.acknowledged }
        if raised > 0 { text += " \(acknowledged) of \(Words.count(raised, "alert")) acknowledged." }
        return text
    }
}
