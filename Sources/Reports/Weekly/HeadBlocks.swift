import Terminal

/// What makes the report a witness: the logs' signed heads.
struct HeadBlocks {
    let heads: [HeadFigures]

    var section: Section {
        Section(
            id: "heads", title: "Signed heads",
            lead:
                "Keep this report: whoever has it can show later that these records were neither changed nor removed, with tollgate log verify --checkpoint and this file.",
            blocks: heads.map { head in
                .code(
                    id: nil, caption: "Log \(name: head.log)", text: String(head.note.dropLast()))
            })
    }
}
