import Terminal

/// The agents, most calls first.
struct AgentBlocks {
    private static let rows = 40

    let report: WeeklyReport

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
                .name("agent"), .number("calls"), .number("change", drop: 2), .number("per active hour", drop: 3),
                .number("most in a minute"), .text("when", drop: 6), .number("denied"), .number("throttled"),
                .number("errors"),
                .number("tools", drop: 1), .number("p95", drop: 5), .text("Mon–Sun", drop: 4),
            ],
            rows: shown.map(row), empty: "No agent called a tool.", more: more, query: "agents")
        return Section(
            id: "agents", title: "Agents",
            lead:
                "Calls per active hour counts only hours in which the agent called at all; a minute is a clock minute.",
            blocks: [.table(table)])
    }

    private func row(_ agent: AgentFigures) -> [Table.Cell] {
        let name = agent.incidents > 0 ? Table.Cell("\(name: agent.name) (runaway)", .bad) : .name(agent.name)
        let week = agent.callsByDay.map { Words.count($0) }.joined(separator: ", ")
        return [
            name, .count(agent.counts.calls),
            .init(
                "\(agent.previousCalls == nil ? "new" : Change(now: agent.counts.calls, before: agent.previousCalls).short)",
                .quiet),
            .init("\(Words.decimal(agent.callsPerActiveHour))"),
            .init("\(agent.peakMinute.map { Words.count($0.calls) } ?? "–")"),
            .init("\(agent.peakMinute.map { shortMoment($0) } ?? "")", .quiet),
            .count(agent.counts.denied, .bad), .count(agent.counts.throttled, .warn), .count(agent.counts.errors),
            .init("\(agent.tools.count)"),
            .init("\(agent.p95Microseconds.map { Words.duration(microseconds: Int64($0)) } ?? "–")"),
            .spark(agent.callsByDay, "calls Monday to Sunday: \(week)"),
        ]
    }

    /// `Tue 14:02`.
    private func shortMoment(_ peak: PeakFigures) -> String {
        "\(Words.date(peak.at.timestamp).prefix(3)) \(Words.minute(peak.at.timestamp))"
    }
}
