import Terminal

/// The brakes of a period: what was stopped, by whom, and who lifted it.
struct BrakeBlocks {
    let brakes: [BrakeFigures]
    var zone = ReportZone.utc

    /// How many brakes, how many calls and who lifted them, as one sentence.
    var sentence: Prose {
        let stopped = brakes.reduce(0) { $0 + $1.stopped }
        let lifted = brakes.filter { $0.liftedBy != nil }.count
        return
            "\(Words.count(brakes.count, "brake")) put on, \(Words.count(stopped, "call")) stopped by them; \(lifted) lifted by a person."
    }

    var table: Table {
        Table(
            caption: "Brakes",
            columns: [
                .text("on"), .name("agent"), .name("tool"), .text("rule"), .text("action", drop: 2),
                .text("by", drop: 3), .number("calls stopped"), .name("ended"), .name("why", drop: 4),
                .text("brake", drop: 1),
            ],
            rows: brakes.map { brake in
                [
                    .init("\(zone.moment(brake.began))"), .name(brake.agent), .name(brake.tool),
                    .init("\(brake.rule)"), .init("\(brake.action)"), .init("\(brake.by)"),
                    .count(brake.stopped, .warn),
                    ending(brake), .init("\(brake.liftedWhy ?? brake.why ?? "")"), .init("\(code: brake.id)"),
                ]
            }, empty: "No brake was on in this time.")
    }

    private func ending(_ brake: BrakeFigures) -> Table.Cell {
        guard let ended = brake.ended else { return .init("on until \(zone.moment(brake.until))", .bad) }
        let when: Prose = "\(zone.moment(ended))"
        guard let person = brake.liftedBy else { return .init("\(when), cool-down over") }
        return .init("\(when), lifted by \(person)", .good)
    }

    /// The weekly report's section.
    var section: Section {
        Section(
            id: "brakes", title: "Brakes", lead: "Calls of one agent and tool that a page, or a person, had stopped.",
            blocks: [.paragraph(sentence, .plain), .table(table)])
    }
}
