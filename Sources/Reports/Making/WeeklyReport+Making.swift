import Detection
import Events
public import Warehouse

extension WeeklyReport {
    /// Makes a week's report.
    ///
    /// - Parameters:
    ///   - store: the warehouse.
    ///   - options: which week, and how.
    /// - Throws: `ReportError`.
    public static func make(from store: WarehouseStore, options: WeeklyOptions = WeeklyOptions()) throws(ReportError)
        -> WeeklyReport
    {
        guard options.timeZone == "UTC" else {
            throw ReportError(
                .usage, "time zone \(options.timeZone): only UTC is supported so far",
                hint: "tollgate report weekly --tz UTC")
        }
        guard let span = try ask({ () throws(WarehouseError) in try store.span() }) else { throw .empty }
        let window = try WeekWindow(wanted: options.week, span: span) { period throws(ReportError) in
            try ask { () throws(WarehouseError) in try store.totals(in: period) }.counts.calls > 0
        }
        return try WeeklyMaker(store: store, options: options, span: span, window: window).report()
    }
}

/// Asks everything that a weekly report tells.
private struct WeeklyMaker {
    let store: WarehouseStore
    let options: WeeklyOptions
    let span: Period
    let window: WeekWindow

    func report() throws(ReportError) -> WeeklyReport {
        let period = window.period
        let coverage = try ask { () throws(WarehouseError) in try store.coverage(in: period) }
        let alerts = try ask { () throws(WarehouseError) in try store.alerts(in: period) }.map { AlertFigures($0) }
        let raised = alerts.filter { period.contains($0.raised.timestamp) }
        let incidents = try incidents(alerts: alerts, coverage: coverage)
        let made = options.generatedAt ?? span.to.advanced(by: -1)
        return WeeklyReport(
            period: PeriodFigures(
                week: "\(window.week)", from: Moment(period.from), to: Moment(period.to), isPartial: window.isPartial),
            generatedAt: Moment(made), coverage: CoverageFigures(coverage), totals: try totals(raised),
            days: try days(),
            incidents: incidents, agents: try agents(incidents), denials: try DenialFigures(from: store, in: period),
            nearMisses: try nearMisses(), highRisk: try highRisk(), hours: try hours(),
            alerts: WeeklyMaker.byRule(raised), brakes: try BrakeFigures.all(from: store, in: period),
            heads: options.heads)
    }

    private func totals(_ alerts: [AlertFigures]) throws(ReportError) -> TotalFigures {
        let totals = try ask { () throws(WarehouseError) in try store.totals(in: window.period) }
        let counts = totals.counts
        return TotalFigures(
            counts: CountFigures(counts), agents: totals.agents, tools: totals.tools,
            otherRequests: totals.otherRequests,
            refusedRequests: totals.refusals, stoppedShare: ShareInterval(counts.stopped, of: counts.calls),
            peakMinute: PeakFigures(totals.peak), latency: LatencyFigures(totals.latency),
            pages: alerts.filter { $0.severity == "page" }.count, previous: try previous(),
            medianCallsOfFourWeeks: try median(), spared: try spared())
    }

    /// The week before, where the log covers all of it.
    private func previous() throws(ReportError) -> PreviousFigures? {
        let before = window.earlier(1)
        guard reaches(before) else { return nil }
        let totals = try ask { () throws(WarehouseError) in try store.totals(in: before) }
        return PreviousFigures(counts: CountFigures(totals.counts), agents: totals.agents)
    }

    private func median() throws(ReportError) -> Int? {
        var calls: [Int] = []
        for weeks in 1...4 where reaches(window.earlier(weeks)) {
            calls.append(
                try ask { () throws(WarehouseError) in try store.totals(in: window.earlier(weeks)) }.counts.calls)
        }
        return calls.count >= 2 ? ReportNumber.median(calls) : nil
    }

    /// A log begins with its first record, not with the first call of a quiet Monday: half a day is forgiven.
    private func reaches(_ period: Period) -> Bool {
        span.from.since(period.from) <= 43_200_000_000
    }

    private func spared() throws(ReportError) -> SparedFigures? {
        let tools = try ask { () throws(WarehouseError) in try store.tools(in: window.period) }
        var spared = SparedFigures(calls: 0, upstreamMicroseconds: 0)
        for tool in tools {
            guard let median = tool.latency?.p50 else { continue }
            spared.calls += tool.counts.stopped
            spared.upstreamMicroseconds += tool.counts.stopped * Int(median)
        }
        return spared.calls > 0 ? spared : nil
    }

    private func days() throws(ReportError) -> [DayFigures] {
        let counts = try ask { () throws(WarehouseError) in try store.days(in: window.period) }
        let byDay = Dictionary(counts.map { ($0.day, CountFigures($0.counts)) }) { a, _ in a }
        return DayRange(window.week.period).days.map { day in
            DayFigures(
                day: day.text, counts: byDay[day.date] ?? CountFigures(), isAhead: day.midnight >= window.period.to)
        }
    }

    private func agents(_ incidents: [IncidentFigures]) throws(ReportError) -> [AgentFigures] {
        var agents = try AgentFigures.all(from: store, in: window.period)
        let before = window.earlier(1)
        var calls: [String?: Int]?
        if reaches(before) {
            let rates = try ask { () throws(WarehouseError) in try store.rates(in: before) }
            calls = Dictionary(rates.map { ($0.agent, $0.counts.calls) }) { a, b in a + b }
        }
        let week = DayRange(window.week.period)
        let byDay = try AgentDays(from: store, in: window.period)
        for index in agents.indices {
            agents[index].callsByDay = byDay.calls(agents[index].agent, over: week)
            agents[index].previousCalls = calls.map { $0[agents[index].agent] ?? 0 }
            agents[index].incidents = incidents.filter { $0.agent == agents[index].name && $0.severity == "page" }.count
        }
        return agents
    }

    private func nearMisses() throws(ReportError) -> [NearMissFigures] {
        try ask { () throws(WarehouseError) in try store.nearMisses(in: window.period) }.map { miss in
            NearMissFigures(
                agent: miss.agent, server: miss.name.server, tool: miss.name.tool, counter: miss.counter,
                windowSeconds: miss.windowSeconds, maximum: miss.maximum, calls: miss.calls, highest: miss.highest,
                last: Moment(miss.last))
        }.sorted {
            ($1.calls, $0.agent ?? "", $0.tool, $0.counter) < ($0.calls, $1.agent ?? "", $1.tool, $1.counter)
        }
    }

    private func hours() throws(ReportError) -> HourFigures {
        let counts = try ask { () throws(WarehouseError) in try store.hourOfWeek(in: window.period) }
        let total = counts.reduce(0) { $0 + $1.calls }
        let office = counts.indices.reduce(0) { sum, hour in
            hour / 24 < 5 && (7..<19).contains(hour % 24) ? sum + counts[hour].calls : sum
        }
        return HourFigures(
            calls: counts.map(\.calls), stopped: counts.map(\.stopped),
            offHoursShare: total > 0 ? ReportNumber.share(total - office, of: total) : nil)
    }

    private func highRisk() throws(ReportError) -> [HighRiskFigures] {
        let order: [Risk] = [.destructive, .financial, .execute]
        let cells = try ask { () throws(WarehouseError) in try store.dayCells(in: window.period) }
        let pairs = try ask { () throws(WarehouseError) in try store.agentTools(in: window.period) }
        let news = try ask { () throws(WarehouseError) in try store.firstUses(in: window.period) }
        let week = DayRange(window.week.period)
        let groups = Dictionary(grouping: cells.filter { $0.name.risk.map(order.contains) ?? false }) {
            PairKey(agent: $0.agent, tool: ToolKey($0.name))
        }
        return groups.map { key, members in
            let byDay = Dictionary(members.map { ($0.day, $0.counts.calls) }) { $0 + $1 }
            return HighRiskFigures(
                server: key.tool.server, tool: key.tool.tool,
                risk: members.compactMap { $0.name.risk?.rawValue }.first ?? "",
                agent: key.agent, callsByDay: week.days.map { byDay[$0.date] ?? 0 },
                stopped: members.reduce(0) { $0 + $1.counts.stopped },
                peakMinute: PeakFigures(
                    pairs.filter { $0.agent == key.agent && ToolKey($0.name) == key.tool }.compactMap(\.peak)
                        .max { $0.calls < $1.calls }),
                isNew: news.contains { $0.agent == key.agent && ToolKey($0.name) == key.tool })
        }.sorted { a, b in
            func rank(_ row: HighRiskFigures) -> Int { order.firstIndex { $0.rawValue == row.risk } ?? order.count }
            return (rank(a), b.callsByDay.reduce(0, +), a.tool, a.agent ?? "") < (
                rank(b), a.callsByDay.reduce(0, +), b.tool, b.agent ?? ""
            )
        }
    }

    private struct PairKey: Hashable {
        let agent: String?
        let tool: ToolKey
    }

    private func incidents(alerts: [AlertFigures], coverage: Coverage) throws(ReportError) -> [IncidentFigures] {
        let finder = IncidentFinder(settings: options.detection, learningDays: options.learningDays)
        let logs = Dictionary(coverage.logs.map { ($0.id, $0.name) }) { a, _ in a }
        let maker = IncidentMaker(store: store, alerts: alerts, incidentID: options.incidentID)
        var incidents: [IncidentFigures] = []
        for episode in try finder.episodes(in: window.period, of: store, logs: logs) {
            if let incident = try maker.incident(episode) { incidents.append(incident) }
        }
        // The headline's order: what paged, or should have, by what got through.
        return incidents.sorted { a, b in
            (a.severity == "page" ? 0 : 1, b.passed, a.start) < (b.severity == "page" ? 0 : 1, a.passed, b.start)
        }
    }

    private static func byRule(_ alerts: [AlertFigures]) -> [AlertRuleFigures] {
        struct Key: Hashable {
            let rule: String
            let severity: String
        }
        return Dictionary(grouping: alerts) { Key(rule: $0.rule, severity: $0.severity) }.map { key, members in
            let delays = members.map { Int($0.raised.timestamp.since($0.start.timestamp)) }
            return AlertRuleFigures(
                rule: key.rule, severity: key.severity, raised: members.count,
                stillFiring: members.filter { $0.state == "firing" }.count,
                acknowledged: members.filter(\.acknowledged).count, silenced: members.filter(\.silenced).count,
                medianDetectionMicroseconds: ReportNumber.median(delays))
        }.sorted { ($0.rule, $0.severity) < ($1.rule, $1.severity) }
    }
}
