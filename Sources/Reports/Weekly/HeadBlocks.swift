import Terminal

/// What makes the report a witness: the logs' signed heads.
struct HeadBlocks {
    let report: WeeklyReport

    var section: Section {
        var blocks: [Block] = report.heads.map { head in
            .code(
                id: nil, caption: "Log \(name: head.log), \(Words.count(Int(clamping: head.size), "record"))",
                text: String(head.note.dropLast()))
        }
        blocks.insert(.paragraph(reach, .plain), at: 0)
        return Section(
            id: "heads", title: "Signed heads",
            lead:
                "Keep this report: whoever has it can show later that these records were neither changed nor removed, with tollgate log verify --checkpoint and this file.",
            blocks: blocks)
    }

    /// How far the heads reach of what the report counts, and what was not done.
    private var reach: Prose {
        let logs = report.coverage.logs.filter { $0.lastSeq != nil }
        let sizes = Dictionary(report.heads.map { ($0.log, $0.size) }) { a, _ in a }
        let under = logs.filter { log in sizes[log.log].map { $0 > log.lastSeq ?? 0 } ?? false }
        let parts: Prose =
            under.count == logs.count
            ? "They cover every record that this report counts"
            : "They cover every record of \(under.count) of the \(Words.count(logs.count, "log")) that this report counts"
        return
            "\(parts). Making a report does not read the log again: to check it against them, now or in a year, run \(code: "tollgate log verify --checkpoint FILE") with this file."
    }
}
