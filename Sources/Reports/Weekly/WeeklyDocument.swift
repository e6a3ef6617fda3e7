import Events
import Terminal

/// The weekly report's order and words.
struct WeeklyDocument {
    let report: WeeklyReport

    var document: Document {
        let verdict = WeeklyVerdict(report)
        var blocks: [Block] = [
            .paragraph(CoverageBlocks.sentence(report.coverage), CoverageBlocks.tone(report.coverage))
        ]
        if report.totals.counts.calls > 0 {
            blocks.append(.tiles(tiles))
            blocks.append(.chart(days))
            if let spared { blocks.append(.paragraph(spared, .plain)) }
        }
        let zone = report.period.zone
        blocks += [
            .section(IncidentBlocks(report: report).section),
            .section(AgentBlocks(report: report).section),
            .section(MoverBlocks(report: report).section),
            .section(DenialBlocks(denials: report.denials, zone: zone).section),
            .section(
                NearMissBlocks(
                    nearMisses: report.nearMisses, deletedBefore: report.coverage.callsDeletedBefore, zone: zone
                ).section),
            .section(HighRiskBlocks(report: report).section),
            .section(HourBlocks(hours: report.hours, zone: zone).section),
            .section(RecommendationBlocks(report: report).section),
            .section(AlertRuleBlocks(report: report).section),
        ]
        if !report.brakes.isEmpty { blocks.append(.section(BrakeBlocks(brakes: report.brakes, zone: zone).section)) }
        blocks += [
            .section(CoverageBlocks(coverage: report.coverage, zone: zone).section)
        ]
        if !report.heads.isEmpty { blocks.append(.section(HeadBlocks(report: report).section)) }
        blocks += [
            .section(WeeklyAppendix(report: report).section)
        ]
        return Document(
            title: "tollgate weekly report · \(report.period.week ?? "")", subtitle: subtitle,
            verdict: verdict.sentence,
            tone: verdict.tone, blocks: blocks, footer: footer)
    }

    /// `Mon 16 – Sun 22 Nov 2026, UTC`, and where it is partial, how far it goes.
    private var subtitle: Prose {
        let zone = report.period.zone
        let end = Moment(report.period.to.timestamp.advanced(by: -1))
        let first = zone.date(report.period.from).split(separator: " ")
        let last = zone.date(end).split(separator: " ")
        let begin = zip(first, last).reversed().drop { $0 == $1 }.reversed().map(\.0).joined(separator: " ")
        // The weekday stays even where both ends share it; a range within one day is written as the day.
        let shown = begin.isEmpty ? zone.date(end) : "\(begin) – \(zone.date(end))"
        guard report.period.isPartial else { return "\(shown), \(zone.name)" }
        return
            "\(shown), \(zone.name) · partial: the week is not over, figures end \(zone.moment(end)); compared with the same span of last week"
    }

    private var footer: [Prose] {
        var lines: [Prose] = [
            "Made from records up to \(report.generatedAt.timestamp.description); the same log gives the same report, byte for byte."
        ]
        let heads = report.heads.filter { $0.size > 0 }.map { "\($0.log)/\($0.size - 1)" }
        lines.append(
            heads.isEmpty
                ? "It carries no signed head: whether records were changed or removed later cannot be told from it."
                : "It carries the signed heads of \(heads.joined(separator: ", ")).")
        return lines
    }

    private var tiles: [Tile] {
        let totals = report.totals
        let counts = totals.counts
        let before = totals.previous
        var tiles: [Tile] = []
        var callsNote: Prose = "\(Change(now: counts.calls, before: before?.counts.calls).words)"
        if let median = totals.median { callsNote += "; median of \(median.weeks) weeks before \(median.calls)" }
        tiles.append(Tile(label: "Tool calls", value: Words.count(counts.calls), note: callsNote))
        let agents: Prose =
            before.map { "last week \($0.agents); \(Words.count(totals.tools, "tool"))" }
            ?? "\(Words.count(totals.tools, "tool"))"
        tiles.append(Tile(label: "Agents", value: Words.count(totals.agents), note: agents))
        tiles.append(stopped(counts))
        tiles.append(
            Tile(
                label: "Errors from servers", value: Words.count(counts.errors),
                note: "\(Words.percent(share(counts.errors, of: counts.allowed))) of forwarded calls"))
        let runaways = report.incidents.filter { $0.severity == "page" }.count
        let told: Prose = "\(Words.count(totals.pages, "page")) by the live watch"
        tiles.append(
            Tile(label: "Runaways", value: Words.count(runaways), note: told, tone: runaways > 0 ? .bad : .good))
        return tiles
    }

    private func stopped(_ counts: CountFigures) -> Tile {
        var note: Prose = "\(counts.denied) denied, \(counts.throttled) throttled"
        if let interval = report.totals.stoppedShare {
            note += "; 95 % interval \(Words.percent(interval.low))–\(Words.percent(interval.high))"
        }
        if let median = report.totals.median {
            note += "; 4-week median \(Words.percent(share(median.stopped, of: median.calls)))"
        }
        if counts.wouldHaveStopped > 0 { note += "; \(counts.wouldHaveStopped) more in shadow mode" }
        return Tile(label: "Stopped", value: Words.percent(share(counts.stopped, of: counts.calls)), note: note)
    }

    private var days: Chart {
        let days = report.days
        let layers = [
            Chart.Bars.Layer(
                name: "forwarded", tone: .plain, values: days.map { $0.counts.calls - $0.counts.stopped }),
            Chart.Bars.Layer(name: "throttled", tone: .warn, values: days.map(\.counts.throttled)),
            Chart.Bars.Layer(name: "denied", tone: .bad, values: days.map(\.counts.denied)),
        ]
        let labels = days.map { day in
            CivilDay(day.day).map { "\($0.weekday) \($0.day)\(day.isAhead ? " (ahead)" : "")" } ?? day.day
        }
        let busiest = days.max { $0.counts.calls < $1.counts.calls }
        let alternative: Prose =
            busiest.map { day in
                "Calls per day; most on \(CivilDay(day.day)?.words ?? day.day), \(day.counts.calls), \(day.counts.stopped) of them stopped."
            } ?? ""
        return Chart(
            kind: .bars(.init(labels: labels, titles: labels, layers: layers, unit: "calls per day")),
            alternative: alternative, query: "days")
    }

    /// One line of money.
    private var spared: Prose? {
        guard let spared = report.totals.spared, spared.calls > 0, spared.upstreamMicroseconds >= 60_000_000 else {
            return nil
        }
        let time = Words.duration(microseconds: Int64(spared.upstreamMicroseconds))
        return
            "Stopped calls would have taken about \(strong: time) of upstream time (\(Words.count(spared.calls, "call")) at each tool's median duration)."
    }

    private func share(_ part: Int, of whole: Int) -> Double {
        whole > 0 ? Double(part) / Double(whole) : 0
    }
}
