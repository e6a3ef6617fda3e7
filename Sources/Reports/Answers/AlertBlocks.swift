import Terminal

/// Alerts as they stand.
struct AlertBlocks {
    let alerts: [AlertFigures]
    let zone: ReportZone

    var table: Table {
        Table(
            caption: "Alerts",
            columns: [
                .text("raised"), .text("state"), .text("severity", drop: 2), .text("rule"), .name("agent"),
                .name("tool"),
                .number("calls", drop: 3), .number("stopped", drop: 3), .name("what", drop: 4), .text("id", drop: 1),
            ],
            rows: alerts.map { alert in
                [
                    .init("\(zone.moment(alert.raised))"),
                    .init("\(alert.state)", AlertBlocks.tone(alert.state)),
                    .init("\(alert.severity)"), .init("\(alert.rule)"), .name(alert.agent ?? "–"),
                    .name(alert.tool ?? "–"),
                    .init("\(alert.calls.map { Words.count($0) } ?? "–")"),
                    .init("\(alert.stopped.map { Words.count($0) } ?? "–")"),
                    .init("\(alert.summary)"), .init("\(code: alert.id)"),
                ]
            }, empty: "No alert in this time.")
    }

    private static func tone(_ state: String) -> Tone {
        switch state {
        case "firing": .bad
        case "resolved": .good
        case "pending": .warn
        default: .quiet
        }
    }
}
