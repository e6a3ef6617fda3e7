import Events
import Terminal

/// Tools that execute, destroy or move money: who used them on which day.
struct HighRiskBlocks {
    private static let rows = 24

    let report: WeeklyReport

    private var zone: ReportZone { report.period.zone }

    var section: Section {
        let lead: Prose = "Tools that run or build something, destroy something or move money, by agent and day."
        guard !report.highRisk.isEmpty else {
            return Section(
                id: "high-risk", title: "High-risk tools", lead: lead,
                blocks: [.paragraph("No tool of class execute, destructive or financial was called.", .plain)])
        }
        let shown = report.highRisk.prefix(HighRiskBlocks.rows)
        var blocks: [Block] = [.chart(chart(Array(shown)))]
        let left = report.highRisk.dropFirst(HighRiskBlocks.rows)
        if !left.isEmpty {
            blocks.append(
                .paragraph(
                    "\(left.count) more pairs of agent and tool made \(left.reduce(0) { $0 + $1.callsByDay.reduce(0, +) }) calls.",
                    .quiet))
        }
        blocks.append(.table(table(Array(shown))))
        return Section(id: "high-risk", title: "High-risk tools", lead: lead, blocks: blocks)
    }

    private func isAtLimit(_ row: HighRiskFigures) -> Bool {
        row.limitPerMinute.map { $0 <= row.peakMinute?.calls ?? 0 } ?? false
    }

    private func chart(_ rows: [HighRiskFigures]) -> Chart {
        let heat = Chart.Heat(
            columns: report.days.map { CivilDay($0.day).map { "\($0.weekday) \($0.day)" } ?? $0.day },
            rows: rows.map { row in
                .init(
                    label: "\(name: row.tool) · \(name: row.agent ?? "(unresolved)")", values: row.callsByDay,
                    note: Words.count(row.callsByDay.reduce(0, +)))
            }, unit: "calls", writesNumbers: true)
        let most = rows.max { $0.callsByDay.reduce(0, +) < $1.callsByDay.reduce(0, +) }
        let alternative: Prose =
            most.map {
                "Calls by agent, tool and day; most by \(name: $0.agent ?? "(unresolved)") on \(name: $0.tool)."
            } ?? ""
        return Chart(kind: .heat(heat), alternative: alternative, query: "high-risk")
    }

    private func table(_ rows: [HighRiskFigures]) -> Table {
        let hasNews = rows.contains(where: \.isNew)
        return Table(
            caption: "Their busiest minutes beside their limits",
            columns: [
                .name("tool"), .text("risk"), .name("agent"), .number("calls"), .number("stopped"),
                .number("most in a minute"), .number("limit a minute"), .text("when", drop: 1),
            ] + (hasNews ? [.text("first use", drop: 2)] : []),
            rows: rows.map { row in
                [
                    .name(row.tool), .init("\(row.risk)"), .name(row.agent ?? "(unresolved)"),
                    .count(row.callsByDay.reduce(0, +)), .count(row.stopped, .warn),
                    .init("\(row.peakMinute.map { Words.count($0.calls) } ?? "–")", isAtLimit(row) ? .warn : .plain),
                    row.limitPerMinute.map { .init("\($0)") } ?? .init("none", .warn),
                    .init("\(row.peakMinute.map { zone.moment($0.at) } ?? "")", .quiet),
                ] + (hasNews ? [row.isNew ? .init("this week", .warn) : .init("earlier", .quiet)] : [])
            }, empty: "")
    }
}
