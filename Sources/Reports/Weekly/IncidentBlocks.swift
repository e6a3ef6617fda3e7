import Events
import Terminal

/// The runaways, one card each.
struct IncidentBlocks {
    private static let cards = 6
    private static let rows = 30

    let report: WeeklyReport

    private var zone: ReportZone { report.period.zone }

    var section: Section {
        let incidents = report.incidents
        let lead: Prose =
            incidents.isEmpty
            ? "Every call of the week went through the same detectors that watch the live log."
            : "Found by running the week's calls through the detectors again; beside each, whether the live watch paged."
        if incidents.isEmpty, let before = report.coverage.callsDeletedBefore {
            let why: Prose =
                "Not known before \(zone.moment(before)): the calls of that time were deleted from the warehouse. None since."
            return Section(id: "runaways", title: "Runaway agents", lead: "", blocks: [.paragraph(why, .warn)])
        }
        guard !incidents.isEmpty else {
            return Section(
                id: "runaways", title: "Runaway agents", lead: lead,
                blocks: [
                    .paragraph(
                        "None: no agent repeated itself or exceeded its own habits far enough to fire a rule.", .good)
                ])
        }
        var blocks: [Block] = incidents.prefix(IncidentBlocks.cards).map { .card(card($0)) }
        if incidents.count > IncidentBlocks.cards {
            blocks.append(.table(rest(Array(incidents.dropFirst(IncidentBlocks.cards)))))
        }
        return Section(id: "runaways", title: "Runaway agents", lead: lead, blocks: blocks)
    }

    private func card(_ incident: IncidentFigures) -> Card {
        let length = Words.duration(
            microseconds: max(incident.end.timestamp.since(incident.start.timestamp), 1_000_000))
        var facts: [(label: String, value: Prose)] = [
            (
                "Began",
                "\(zone.moment(incident.start)):\(String(zone.time(incident.start).suffix(2)))"
            ),
            ("Lasted", "\(length)"),
            ("Calls", "\(strong: incident.calls)"),
            ("Most in 60 s", "\(incident.peakPerMinute)\(usual(incident))"),
            ("Stopped", "\(incident.stopped) (\(percent(incident.stopped, incident.calls)))"),
            ("Reached the server", "\(strong: incident.passed)"),
        ]
        if incident.identical > 1 {
            let results: Prose = incident.resultUnchanged ? ", same result" : ""
            facts.append(
                ("Same arguments", "\(incident.identical) (\(percent(incident.identical, incident.calls)))\(results)"))
        }
        facts.append(("Paged", paged(incident)))
        facts.append(("Rules", "\(incident.rules.joined(separator: ", "))"))
        var blocks: [Block] = [.paragraph("\(incident.explanation).", .plain)]
        if let timeline = incident.timeline { blocks.append(.chart(chart(timeline, incident))) }
        if let day = incident.day { blocks.append(.chart(IncidentDay(incident: incident, day: day, zone: zone).chart)) }
        if incident.advice.count == 1, let advice = incident.advice.first {
            blocks.append(.paragraph("\(strong: "What to change:") \(advice)", .plain))
        } else if !incident.advice.isEmpty {
            blocks.append(.paragraph("\(strong: "What to change:")", .plain))
            blocks.append(.list(incident.advice.map { "\($0)" }))
        }
        if let policy = incident.policy {
            blocks.append(
                .code(
                    id: nil, caption: "A limit that would have stopped it, for the agent's policy:",
                    text: VisibleText.of(policy)))
        }
        blocks.append(
            .code(
                id: nil,
                caption: "First call \(code: incident.firstRecord), last \(code: incident.lastRecord). To see them:",
                text: VisibleText.of(tail(incident))))
        let target: Prose = "\(name: incident.agent) → \(name: incident.tool) on \(incident.server)"
        let badge = incident.severity + (incident.risk.map { " · \($0)" } ?? "")
        return Card(
            title: target, badge: badge, tone: incident.severity == "page" ? .bad : .warn, facts: facts, blocks: blocks)
    }

    private func usual(_ incident: IncidentFigures) -> Prose {
        guard let usual = incident.usualPerMinute, usual > 0 else { return " (new to this tool)" }
        return " (usual when active: \(Words.perMinute(usual)))"
    }

    private func paged(_ incident: IncidentFigures) -> Prose {
        guard let page = incident.page else {
            return incident.alerts.isEmpty ? "\(strong: "no"): the live watch raised no alert" : "no, only a warning"
        }
        let after = Words.duration(microseconds: max(page.raised.timestamp.since(incident.start.timestamp), 0))
        let isLater = zone.date(page.raised) != zone.date(incident.start)
        return "\(isLater ? zone.moment(page.raised) : zone.time(page.raised)), after \(after) (\(page.state))"
    }

    /// The command that shows the incident's calls.
    private func tail(_ incident: IncidentFigures) -> String {
        let until = incident.end.timestamp.advanced(by: 1_000_000)
        return "tollgate tail --agent \(ShellWord.quoted(incident.agent)) --tool \(ShellWord.quoted(incident.tool))"
            + " --since \(seconds(incident.start.timestamp)) --until \(seconds(until))"
    }

    private func seconds(_ moment: Timestamp) -> String { String(moment.description.prefix(19)) + "Z" }

    private func percent(_ part: Int, _ whole: Int) -> String {
        whole > 0 ? Words.percent(Double(part) / Double(whole), places: 0) : "–"
    }

    private func chart(_ timeline: TimelineFigures, _ incident: IncidentFigures) -> Chart {
        let from = timeline.from.timestamp
        let moments = timeline.passed.indices.map { from.advanced(by: Int64($0 * timeline.stepSeconds) * 1_000_000) }
        // A label wherever a round number of steps has passed; the chart drops those without room.
        let every = max(timeline.passed.count / 8, 1)
        let clock = { (moment: Timestamp) in
            timeline.stepSeconds < 60 ? zone.time(Moment(moment)) : zone.minute(Moment(moment))
        }
        let labels = moments.enumerated().map { $0.isMultiple(of: every) ? clock($1) : "" }
        let step = Words.duration(microseconds: Int64(timeline.stepSeconds) * 1_000_000)
        let unit = timeline.stepSeconds == 60 ? "calls per minute" : "calls per \(step)"
        let totals = zip(timeline.passed, timeline.stopped).map(+)
        let top = totals.max() ?? 0
        let when = totals.firstIndex(of: top).map { clock(moments[$0]) } ?? ""
        var bars = Chart.Bars(
            labels: labels, titles: moments.map(clock),
            layers: [
                .init(name: "reached the server", tone: .plain, values: timeline.passed),
                .init(name: "stopped", tone: .bad, values: timeline.stopped),
            ], unit: unit, height: 96)
        if let usual = incident.usualPerMinute, timeline.stepSeconds == 60, Double(top) > usual * 1.2 {
            bars.mark = (usual, "usual \(Words.perMinute(usual))")
        }
        let alternative: Prose =
            "\(name: incident.agent) on \(name: incident.tool), \(unit), \(zone.date(timeline.from)); most at \(when): \(top)."
        return Chart(kind: .bars(bars), alternative: alternative)
    }

    private func rest(_ incidents: [IncidentFigures]) -> Table {
        Table(
            caption: "Further incidents",
            columns: [
                .name("agent"), .name("tool"), .text("began"), .number("calls"), .number("stopped"),
                .number("most in 60 s", drop: 1),
                .text("paged"),
            ],
            rows: incidents.prefix(IncidentBlocks.rows).map { incident in
                [
                    .name(incident.agent), .name(incident.tool), .init("\(zone.moment(incident.start))"),
                    .count(incident.calls), .count(incident.stopped), .count(incident.peakPerMinute),
                    incident.page == nil ? .init("no", .warn) : .init("yes"),
                ]
            }, empty: "",
            more: incidents.count > IncidentBlocks.rows
                ? "\(incidents.count - IncidentBlocks.rows) more: \(code: "tollgate report weekly --format json")" : "")
    }
}

/// A word for a POSIX shell.
enum ShellWord {
    static func quoted(_ text: String) -> String {
        let plain = text.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "-_./@:=+,".utf8.contains(byte)
        }
        return plain && !text.isEmpty ? text : "'" + text.replacing("'", with: "'\\''") + "'"
    }
}
