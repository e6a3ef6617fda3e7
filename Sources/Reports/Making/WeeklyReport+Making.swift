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
        let (window, span) = try window(of: store, options)
        // Half of the work: it reads calls where the rest reads sums, so that neither needs what the other has.
        let finding = Beside { () throws(ReportError) in
            try IncidentFinder(options).episodes(of: window, in: store)
        }
        let held = try ask { () throws(WarehouseError) in try store.holding(window.period, daysBefore: 28) }
        return try WeeklyMaker(store: held, options: options, span: span, window: window).report(finding)
    }

    /// The wanted week, and all that is loaded.
    static func window(
        of store: WarehouseStore, _ options: WeeklyOptions
    ) throws(ReportError) -> (WeekWindow, Period) {
        guard let span = try ask({ () throws(WarehouseError) in try store.span() }) else { throw .empty }
        let zone = try ReportZone(options.timeZone, covering: span)
        let window = try WeekWindow(wanted: options.week, span: span, zone: zone) { period throws(ReportError) in
            try ask { () throws(WarehouseError) in try store.hasCalls(in: period) }
        }
        return (window, span)
    }
}

/// Asks everything that a weekly report tells.
private struct WeeklyMaker {
    let store: WarehouseStore
    let options: WeeklyOptions
    let span: Period
    let window: WeekWindow

    private var zone: ReportZone { window.zone }

    private func offset(_ moment: Timestamp) -> Int { zone.offsetSeconds(moment) }

    /// - Parameter finding: the week's runaways.
    func report(_ finding: Beside<[IncidentFinder.Episode]>) throws(ReportError) -> WeeklyReport {
        let period = window.period
        let coverage = try ask { () throws(WarehouseError) in try store.coverage(in: period) }
        var covered = CoverageFigures(coverage)
        let heads = Dictionary(options.heads.map { ($0.log, $0.size) }) { a, _ in a }
        for index in covered.logs.indices {
            covered.logs[index].signedTo = heads[covered.logs[index].log].flatMap { $0 > 0 ? $0 - 1 : nil }
        }
        let alerts = try ask { () throws(WarehouseError) in try store.alerts(in: period) }.map { AlertFigures($0) }
        let raised = alerts.filter { period.contains($0.raised.timestamp) }
        let lists = Beside { () throws(ReportError) in try self.lists() }
        let history = try WeekHistory(from: store, window: window, span: span)
        let made = options.generatedAt ?? span.to.advanced(by: -1)
        let totals = try totals(raised, history)
        let recommended = try Recommender.Month(from: store, month: window.month)
        let incidents = try incidents(try finding.value(), alerts: alerts)
        let agents = try agents(incidents, history)
        let unstopped = incidents.filter { $0.severity == "page" && $0.stopped == 0 }
        let recommender = Recommender(
            store: store, month: recommended,
            unstopped: Dictionary(
                unstopped.map { (ToolKey(server: $0.server, tool: $0.tool), $0.advisedMaximum ?? 0) },
                uniquingKeysWith: max),
            throttledDays: history.throttledDays(), granted: options.granted)
        let recommendations = try recommender.all()
        let told = try lists.value()
        return WeeklyReport(
            period: PeriodFigures(
                week: "\(window.week)", from: Moment(period.from), to: Moment(period.to), zone: zone,
                isPartial: window.isPartial),
            generatedAt: Moment(made), coverage: covered, totals: totals, days: history.days, incidents: incidents,
            agents: agents, movers: MoversFigures(history), denials: told.denials,
            nearMisses: told.nearMisses, highRisk: told.highRisk, hours: told.hours, recommendations: recommendations,
            alerts: AlertRuleFigures.all(raised, agents: agents.count, period: period), brakes: told.brakes,
            heads: options.heads,
            parameters: ParameterFigures(options))
    }

    /// What needs nothing else of the report: made beside it.
    private struct Lists: Sendable {
        var denials: DenialFigures
        var nearMisses: [NearMissFigures]
        var highRisk: [HighRiskFigures]
        var hours: HourFigures
        var brakes: [BrakeFigures]
    }

    private func lists() throws(ReportError) -> Lists {
        Lists(
            denials: try DenialFigures(from: store, in: window.period), nearMisses: try nearMisses(),
            highRisk: try highRisk(), hours: try hours(), brakes: try BrakeFigures.all(from: store, in: window.period))
    }

    private func totals(_ alerts: [AlertFigures], _ history: WeekHistory) throws(ReportError) -> TotalFigures {
        let totals = try ask { () throws(WarehouseError) in try store.totals(in: window.period) }
        let counts = totals.counts
        return TotalFigures(
            counts: CountFigures(counts), agents: totals.agents, tools: totals.tools,
            otherRequests: totals.otherRequests,
            refusedRequests: totals.refusals, stoppedShare: ShareInterval(counts.stopped, of: counts.calls),
            peakMinute: PeakFigures(totals.peak), latency: LatencyFigures(totals.latency),
            pages: alerts.filter { $0.severity == "page" }.count, previous: history.previous,
            median: history.median, spared: try spared())
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

    private func agents(
        _ incidents: [IncidentFigures], _ history: WeekHistory
    ) throws(ReportError) -> [AgentFigures] {
        let rates = try ask { () throws(WarehouseError) in try store.rates(in: window.period) }
        let first = try ask { () throws(WarehouseError) in try store.firstUses(in: window.period) }
        let news = Dictionary(grouping: first, by: \.agent)
        // Where the log itself begins in the week, everything is new and nothing is news.
        let isFirstWeek = history.earlier.isEmpty
        return history.complete(rates.map { AgentFigures($0, callsByDay: []) }).map { agent in
            var agent = agent
            if !isFirstWeek {
                agent.newTools = (news[agent.agent] ?? []).map { "\($0.name.server)/\($0.name.tool)" }.uniqued()
            }
            agent.incidents = incidents.filter { $0.agent == agent.name && $0.severity == "page" }.count
            return agent
        }
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
        let counts = try ask { () throws(WarehouseError) in
            try store.hourOfWeek(in: window.period, offsetSeconds: offset)
        }
        return HourFigures(counts)
    }

    private func highRisk() throws(ReportError) -> [HighRiskFigures] {
        let order: [Risk] = [.destructive, .financial, .execute]
        var cells: [DayCell] = []
        for risk in order {
            cells += try ask { () throws(WarehouseError) in
                try store.dayCells(in: window.period, where: CallFilter(risk: risk), offsetSeconds: offset)
            }
        }
        let pairs = try ask { () throws(WarehouseError) in try store.agentTools(in: window.period) }
        let peaks = Dictionary(pairs.map { (PairKey($0.agent, $0.name), $0.peak) }) { a, _ in a }
        let news = try ask { () throws(WarehouseError) in try store.firstUses(in: window.period) }
        let isNew = Set(news.map { PairKey($0.agent, $0.name) })
        var limits: [PairKey: Int] = [:]
        for use in try ask({ () throws(WarehouseError) in try store.limitUses(in: window.period) }) {
            guard let limit = use.limit, limit.windowSeconds == 60 else { continue }
            let key = PairKey(use.agent, use.name)
            limits[key] = min(limits[key] ?? limit.maximum, limit.maximum)
        }
        let days = window.days
        return Dictionary(grouping: cells) { PairKey($0.agent, $0.name) }.map { key, members in
            let byDay = Dictionary(members.map { ($0.day, $0.counts.calls) }) { $0 + $1 }
            return HighRiskFigures(
                server: key.tool.server, tool: key.tool.tool,
                risk: order.first { risk in members.contains { $0.name.risk == risk } }?.rawValue ?? "",
                agent: key.agent, callsByDay: days.days.map { byDay[$0.date] ?? 0 },
                stopped: members.reduce(0) { $0 + $1.counts.stopped },
                peakMinute: PeakFigures(peaks[key] ?? nil), limitPerMinute: limits[key], isNew: isNew.contains(key))
        }.sorted { a, b in
            func rank(_ row: HighRiskFigures) -> Int { order.firstIndex { $0.rawValue == row.risk } ?? order.count }
            return (rank(a), b.callsByDay.reduce(0, +), a.tool, a.agent ?? "") < (
                rank(b), a.callsByDay.reduce(0, +), b.tool, b.agent ?? ""
            )
        }
    }

    private func incidents(
        _ episodes: [IncidentFinder.Episode], alerts: [AlertFigures]
    ) throws(ReportError) -> [IncidentFigures] {
        let maker = IncidentMaker(store: store, alerts: alerts, incidentID: options.incidentID, zone: zone)
        var incidents: [IncidentFigures] = []
        for episode in episodes {
            if let incident = try maker.incident(episode) { incidents.append(incident) }
        }
        // The headline's order: what paged, or should have, by what got through.
        return incidents.sorted { a, b in
            (a.severity == "page" ? 0 : 1, b.passed, a.start) < (b.severity == "page" ? 0 : 1, a.passed, b.start)
        }
    }
}

extension AlertRuleFigures {
    /// Alerts by rule and severity.
    ///
    /// - Parameters:
    ///   - alerts: those raised in the period.
    ///   - agents: how many agents called in it.
    static func all(_ alerts: [AlertFigures], agents: Int, period: Period) -> [AlertRuleFigures] {
        struct Key: Hashable {
            let rule: String
            let severity: String
        }
        let agentWeeks = Double(agents) * Double(period.microseconds) / Double(7 * 86_400_000_000 as Int64)
        return Dictionary(grouping: alerts) { Key(rule: $0.rule, severity: $0.severity) }.map { key, members in
            let delays = members.map { Int($0.raised.timestamp.since($0.start.timestamp)) }
            return AlertRuleFigures(
                rule: key.rule, severity: key.severity, raised: members.count,
                stillFiring: members.filter { $0.state == "firing" }.count,
                acknowledged: members.filter(\.acknowledged).count, silenced: members.filter(\.silenced).count,
                perAgentWeek: agentWeeks > 0 ? ReportNumber.rounded(Double(members.count) / agentWeeks) : nil,
                medianDetectionMicroseconds: ReportNumber.median(delays))
        }.sorted { ($0.rule, $0.severity) < ($1.rule, $1.severity) }
    }
}

extension ParameterFigures {
    init(_ options: WeeklyOptions) {
        self.init(
            program: options.version, learningDays: options.learningDays, loopMinimum: options.detection.loop.minimum,
            capMinimum: options.detection.cap.minimum)
    }
}
