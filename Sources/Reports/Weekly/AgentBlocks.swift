import Terminal

/// The agents, most calls first.
struct AgentBlocks {
    private static let rows = 40
    private static let newRows = 12

    let report: WeeklyReport

    private var zone: ReportZone { report.period.zone }

    var section: Section {
        let shown = report.agents.prefix(AgentBlocks.rows)
        let rest = report.agents.dropFirst(AgentBlocks.rows)
        let more: Prose =
            rest.isEmpty
            ? ""
            : "\(rest.count) more agents made \(rest.reduce(0) { $0 + $1.counts.calls }) calls; all of them: \(code: "tollgate report rates --csv")"
        let table = Table(
            caption: "Agents by calls",
            columns: [
                .name("agent"), .number("calls"), .text("28 days", drop: 3), .number("change", drop: 2),
                .number("median of 4", drop: 7), .number("risk-weighted", drop: 6), .number("most in a minute"),
                .text("busiest hour", drop: 5), .number("denied"), .number("throttled"), .number("errors"),
                .number("tools", drop: 1), .number("p95", drop: 4),
            ],
            rows: shown.map(row), empty: "No agent called a tool.", more: more, query: "agents")
        var blocks: [Block] = [.table(table)]
        let news = report.agents.filter { !$0.newTools.isEmpty }
        if !news.isEmpty { blocks.append(.table(firstUses(news))) }
        return Section(
            id: "agents", title: "Agents",
            lead:
                "Who called, how much and at what risk; a minute is a clock minute, p95 the time that the upstream took.",
            blocks: blocks)
    }

    /// Tools that an agent used for the first time, by name.
    private func firstUses(_ news: [AgentFigures]) -> Table {
        let rest = news.count - AgentBlocks.newRows
        return Table(
            caption: "Tools that an agent used for the first time", columns: [.name("agent"), .name("tools")],
            rows: news.prefix(AgentBlocks.newRows).map { agent in
                let names = agent.newTools.prefix(6).map { Prose([.name(VisibleText.of($0))]) }
                let more: Prose = agent.newTools.count > 6 ? " and \(agent.newTools.count - 6) more" : ""
                return [.name(agent.name), .init(Prose.joined(names, separator: ", ") + more)]
            }, empty: "",
            more: rest > 0 ? "\(rest) more agents: \(code: "tollgate report weekly --format json")" : "",
            query: "first-uses")
    }

    private func row(_ agent: AgentFigures) -> [Table.Cell] {
        let name = agent.incidents > 0 ? Table.Cell("\(name: agent.name) (runaway)", .bad) : .name(agent.name)
        let days = agent.callsOf28Days ?? agent.callsByDay
        let week = agent.callsByDay.map { Words.count($0) }.joined(separator: ", ")
        return [
            name, .count(agent.counts.calls),
            .spark(days, "calls of the last \(days.count) days; Monday to Sunday: \(week)"),
            .init(
                "\(agent.previousCalls == nil ? "–" : Change(now: agent.counts.calls, before: agent.previousCalls).short)",
                .quiet),
            .init("\(agent.medianCalls.map { Words.count($0) } ?? "–")", .quiet),
            .count(agent.riskWeightedCalls),
            .init("\(agent.peakMinute.map { Words.count($0.calls) } ?? "–")"),
            .init("\(agent.busiestHour.map { zone.weekdayMinute($0.at) } ?? "")", .quiet),
            .count(agent.counts.denied, .bad), .count(agent.counts.throttled, .warn), .count(agent.counts.errors),
            .init("\(agent.tools.count)\(agent.newTools.isEmpty ? "" : ", \(agent.newTools.count) new")"),
            .init("\(agent.p95Microseconds.map { Words.duration(microseconds: Int64($0)) } ?? "–")"),
        ]
    }
}
