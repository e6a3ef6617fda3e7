import Events
import Terminal

/// What the figures rest on.
struct CoverageBlocks {
    let coverage: CoverageFigures
    var zone = ReportZone.utc

    /// `Coverage 100.000 %, 0 gaps: 2,611 records of 1 log.`, or what is missing.
    static func sentence(_ coverage: CoverageFigures) -> Prose {
        whole(coverage) + unknown(coverage) + deleted(coverage)
    }

    /// What a reader of bare figures has to know; nil where they are whole.
    static func caveat(_ coverage: CoverageFigures) -> String? {
        let isPlain = coverage.isWhole && coverage.deleted.isEmpty && coverage.unknownFields.isEmpty
        return isPlain ? nil : sentence(coverage).plain
    }

    /// That records have fields of which nothing is known but the name.
    private static func unknown(_ coverage: CoverageFigures) -> Prose {
        let names = Set(coverage.unknownFields.map(\.field)).count
        guard names > 0 else { return "" }
        return " This tollgate does not know \(strong: Words.count(names, "field")) that records have."
    }

    /// What retention has taken from the warehouse.
    private static func deleted(_ coverage: CoverageFigures) -> Prose {
        guard !coverage.deleted.isEmpty else { return "" }
        let parts = coverage.deleted.map { part -> Prose in
            // Retention cuts at midnight UTC.
            let day = Words.date(part.before.timestamp)
            return part.what == "hours" || part.what == "days"
                ? "sums by \(String(part.what.dropLast())) before \(day)" : "\(part.what) before \(day)"
        }
        let list = Prose.joined(parts, separator: ", ")
        return " \(strong: "Deleted from the warehouse:") " + list + ". What needs those rows leaves that time out."
    }

    private static func whole(_ coverage: CoverageFigures) -> Prose {
        let share = Words.percent(coverage.share, places: 3)
        let records: Prose = "\(coverage.records) records of \(Words.count(coverage.logs.count, "log"))"
        guard !coverage.isWhole else { return "Coverage \(strong: share), \(strong: "0 gaps"): \(records)." }
        var holes: [Prose] = []
        if coverage.lost > 0 { holes.append("\(coverage.lost) were never written") }
        if coverage.missing > 0 { holes.append("\(coverage.missing) are no longer held") }
        if coverage.rejected > 0 { holes.append("\(coverage.rejected) could not be read") }
        let list: Prose = holes.isEmpty ? "" : "; " + Prose.joined(holes, separator: ", ")
        return
            "Coverage \(strong: share), \(strong: Words.count(coverage.gaps.count, "gap")): \(records)\(list). Figures are lower bounds."
    }

    static func tone(_ coverage: CoverageFigures) -> Tone {
        coverage.isWhole ? coverage.deleted.isEmpty ? .good : .warn : .bad
    }

    var section: Section {
        var blocks: [Block] = [.table(logs)]
        if !coverage.gaps.isEmpty { blocks.append(.table(gaps)) }
        var notes: [Prose] = []
        if coverage.withoutOutcome > 0 {
            notes.append("\(Words.count(coverage.withoutOutcome, "forwarded request")) without an outcome so far")
        }
        if coverage.recoveries > 0 {
            notes.append("\(Words.count(coverage.recoveries, "recovery", "recoveries")) after an unclean stop")
        }
        if coverage.clockSteps > 0 {
            notes.append(Prose(stringLiteral: Words.count(coverage.clockSteps, "clock step")))
        }
        for name in coverage.fullDictionaries {
            notes.append("the dictionary of \(name)s is full: later names are counted as (other)")
        }
        if coverage.late > 0 {
            notes.append(
                "\(Words.count(coverage.late, "record")) came for a call whose row had been deleted, and changed no sum"
            )
        }
        for field in coverage.unknownFields.prefix(20) {
            notes.append(
                "\(name: field.field), a field that this tollgate does not know, in \(Words.count(field.records, "\(field.kind) record")) of \(name: field.log), seq \(String(field.firstSeq)) to \(String(field.lastSeq))"
            )
        }
        if coverage.unknownFields.count > 20 { notes.append("\(coverage.unknownFields.count - 20) more such fields") }
        if !notes.isEmpty { blocks.append(.list(notes)) }
        return Section(
            id: "coverage", title: "Coverage",
            lead: "Of calls that reached the gateway. Calls that went around it are in no log.", blocks: blocks)
    }

    private var logs: Table {
        Table(
            caption: "Logs",
            columns: [
                .name("log"), .text("kind", drop: 3), .text("durability", drop: 4), .number("first seq", drop: 2),
                .number("last seq"),
                .number("records"), .number("rejected"), .number("gaps"), .text("signed head to"),
            ],
            rows: coverage.logs.map { log in
                [
                    .name(log.log), .init("\(log.kind)"), .init("\(log.durability ?? "–")"),
                    .init("\(Words.count(log.firstSeq))"),
                    .init("\(log.lastSeq.map { Words.count($0) } ?? "–")"), .count(log.records),
                    .count(log.rejected, .bad),
                    .count(log.gaps, .bad),
                    log.signedTo.map { .init("seq \(Words.count($0))") } ?? .init("none here", .quiet),
                ]
            }, empty: "No log has been loaded.", query: "coverage")
    }

    private var gaps: Table {
        Table(
            caption: "Gaps",
            columns: [.name("log"), .text("kind"), .number("records"), .text("from"), .text("to"), .name("reason")],
            rows: coverage.gaps.prefix(20).map { gap in
                [
                    .name(gap.log), .init("\(gap.kind)"), .count(gap.records, .bad),
                    .init("\(edge(gap.from, gap.firstSeq))"),
                    .init("\(edge(gap.to, gap.lastSeq))"), .init("\(gap.reason)"),
                ]
            }, empty: "", more: coverage.gaps.count > 20 ? "\(coverage.gaps.count - 20) more." : "")
    }

    private func edge(_ moment: Moment?, _ seq: UInt64?) -> String {
        moment.map { zone.moment($0) } ?? seq.map { "seq \(Words.count($0))" } ?? "–"
    }
}
