import Terminal

/// What changed against last week, by agent and tool.
struct MoverBlocks {
    private static let rows = 12

    let report: WeeklyReport

    var section: Section {
        let lead: Prose =
            "Pairs of agent and tool whose calls changed more than chance explains, the surest first: by log-likelihood ratio, not by percentage."
        guard let movers = report.movers else {
            return Section(
                id: "movers", title: "Movers", lead: "",
                blocks: [.paragraph("No earlier week to compare with.", .plain)])
        }
        var blocks: [Block] = [
            .table(changes("More calls than last week", movers.rose, "Nothing rose more than chance explains.")),
            .table(changes("Fewer calls than last week", movers.fell, "Nothing fell more than chance explains.")),
        ]
        blocks.append(
            .table(
                uses(
                    "Appeared: in none of the four weeks before", movers.appeared, "No agent took up a tool.",
                    .number("calls"), \.calls)))
        blocks.append(
            .table(
                uses(
                    "Vanished: used last week, not this week", movers.vanished, "No agent gave a tool up.",
                    .number("last week"), \.previousCalls)))
        return Section(id: "movers", title: "Movers", lead: lead, blocks: blocks)
    }

    private func more(_ count: Int) -> Prose {
        count > MoverBlocks.rows
            ? "\(count - MoverBlocks.rows) more: \(code: "tollgate report weekly --format json")" : ""
    }

    private func changes(_ caption: String, _ movers: [MoverFigures], _ empty: Prose) -> Table {
        Table(
            caption: caption,
            columns: [
                .name("agent"), .name("tool"), .name("server", drop: 3), .number("calls"), .number("last week"),
                .number("change", drop: 1), .number("median of 4", drop: 2), .number("likelihood"),
            ],
            rows: movers.prefix(MoverBlocks.rows).map { mover in
                [
                    .name(mover.agent ?? "(unresolved)"), .name(mover.tool), .name(mover.server),
                    .count(mover.calls), .count(mover.previousCalls),
                    .init("\(Change(now: mover.calls, before: mover.previousCalls).short)"),
                    .init("\(mover.medianCalls.map { Words.count($0) } ?? "–")", .quiet),
                    .init("\(mover.signedLogLikelihood > 0 ? "+" : "")\(Words.decimal(mover.signedLogLikelihood))"),
                ]
            }, empty: empty, more: more(movers.count), query: "movers")
    }

    private func uses(
        _ caption: String, _ movers: [MoverFigures], _ empty: Prose, _ column: Table.Column,
        _ value: (MoverFigures) -> Int
    ) -> Table {
        Table(
            caption: caption,
            columns: [.name("agent"), .name("tool"), .name("server", drop: 1), column],
            rows: movers.prefix(MoverBlocks.rows).map { mover in
                [
                    .name(mover.agent ?? "(unresolved)"), .name(mover.tool), .name(mover.server), .count(value(mover)),
                ]
            }, empty: empty, more: more(movers.count), query: "movers")
    }
}
