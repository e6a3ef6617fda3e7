import Terminal

/// Calls that passed with little room left under a limit.
struct NearMissBlocks {
    private static let rows = 15

    let nearMisses: [NearMissFigures]
    /// Until when calls were deleted from the warehouse.
    var deletedBefore: Moment?
    var zone = ReportZone.utc

    var section: Section {
        let more: Prose =
            nearMisses.count > NearMissBlocks.rows
            ? "\(nearMisses.count - NearMissBlocks.rows) more: \(code: "tollgate report weekly --format json")" : ""
        let table = Table(
            caption: "By agent and limit",
            columns: [
                .name("agent"), .name("tool"), .name("limit", drop: 2), .number("window", drop: 1), .number("highest"),
                .number("maximum"), .number("calls"), .text("last", drop: 3),
            ],
            rows: nearMisses.prefix(NearMissBlocks.rows).map { miss in
                [
                    .name(miss.agent ?? "(unresolved)"), .name(miss.tool), .name(miss.counter),
                    .init("\(Words.duration(microseconds: Int64(miss.windowSeconds) * 1_000_000))"),
                    .count(miss.highest, miss.highest >= miss.maximum ? .warn : .plain), .count(miss.maximum),
                    .count(miss.calls),
                    .init("\(zone.moment(miss.last))", .quiet),
                ]
            }, empty: empty, more: more, query: "near-misses")
        return Section(
            id: "near-misses", title: "Near misses",
            lead: "Calls that passed with at least 80 % of a limit used: the next limits to be hit, or to be raised.",
            blocks: [.table(table)])
    }

    private var empty: Prose {
        guard let deletedBefore else { return "No call that passed had used 80 % of its limit." }
        return
            "Not known before \(zone.moment(deletedBefore)): calls were deleted from the warehouse. None since."
    }
}
