import Terminal

/// How the alerts did, by rule.
struct AlertRuleBlocks {
    let report: WeeklyReport

    var section: Section {
        let table = Table(
            caption: "Alerts by rule",
            columns: [
                .text("rule"), .text("severity"), .number("raised"), .number("still firing"),
                .number("acknowledged", drop: 2),
                .number("silenced", drop: 3), .number("median time to detect", drop: 1),
            ],
            rows: report.alerts.map { rule in
                [
                    .name(rule.rule), .init("\(rule.severity)"), .count(rule.raised), .count(rule.stillFiring, .bad),
                    .count(rule.acknowledged), .count(rule.silenced),
                    .init("\(rule.medianDetectionMicroseconds.map { Words.duration(microseconds: Int64($0)) } ?? "–")"),
                ]
            }, empty: "The live watch raised no alert in this period.", query: "alerts")
        return Section(
            id: "alerts", title: "Alerts", lead: "What the live watch raised, from its own records.",
            blocks: [.table(table)])
    }
}
