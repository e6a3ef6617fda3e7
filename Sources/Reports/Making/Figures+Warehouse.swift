import Events
import Warehouse

// The warehouse's answers as figures of a report.

extension CountFigures {
    init(_ counts: CallCounts) {
        self.init(
            calls: counts.calls, allowed: counts.allowed, denied: counts.denied, throttled: counts.throttled,
            held: counts.held,
            wouldHaveStopped: counts.shadowStopped, errors: counts.errors)
    }
}

extension PeakFigures {
    init?(_ peak: PeakMinute?) {
        guard let peak else { return nil }
        self.init(calls: peak.calls, at: Moment(peak.minute))
    }

    init?(_ peak: PeakHour?) {
        guard let peak else { return nil }
        self.init(calls: peak.calls, at: Moment(peak.hour))
    }
}

extension LatencyFigures {
    init?(_ latency: Latency?) {
        guard let latency else { return nil }
        self.init(
            calls: latency.n, p50Microseconds: Int(latency.p50), p95Microseconds: Int(latency.p95),
            p99Microseconds: Int(latency.p99))
    }
}

extension PeriodFigures {
    init(_ period: Period, in zone: ReportZone = .utc) {
        self.init(week: nil, from: Moment(period.from), to: Moment(period.to), zone: zone)
    }
}

extension CoverageFigures {
    init(_ coverage: Coverage) {
        let gaps = coverage.logs.flatMap(\.gaps).map { gap in
            GapFigures(
                log: gap.log, kind: "\(gap.kind)", records: gap.n, firstSeq: gap.firstSeq, lastSeq: gap.lastSeq,
                from: gap.from.map { Moment($0) }, to: gap.to.map { Moment($0) }, reason: gap.reason)
        }
        self.init(
            share: ReportNumber.rounded(coverage.share), records: coverage.records, rejected: coverage.rejects,
            missing: coverage.missing, lost: coverage.lost, withoutOutcome: coverage.unanswered,
            recoveries: coverage.recoveries, clockSteps: coverage.clockSteps,
            fullDictionaries: coverage.overflowed,
            logs: coverage.logs.filter { $0.records > 0 || !$0.gaps.isEmpty }.map { LogFigures($0) }, gaps: gaps,
            deleted: coverage.kept.map { DeletedFigures(what: $0.subject.rawValue, before: Moment($0.from)) },
            late: coverage.late,
            unknownFields: coverage.unknownFields.map { field in
                UnknownFieldFigures(
                    log: field.log, kind: field.kind, field: field.field, records: field.n, firstSeq: field.first,
                    lastSeq: field.last)
            })
    }
}

extension LogFigures {
    init(_ log: LogCoverage) {
        self.init(
            log: log.name, kind: log.kind, durability: log.durability, firstSeq: log.firstSeq,
            lastSeq: log.nextSeq > log.firstSeq ? log.nextSeq - 1 : nil, records: log.records, rejected: log.rejects,
            gaps: log.gaps.count)
    }
}

extension AlertFigures {
    init(_ alert: AlertSummary) {
        self.init(
            id: alert.id, rule: alert.rule, severity: alert.severity, state: alert.state, agent: alert.agent,
            server: alert.server, tool: alert.tool, start: Moment(alert.start), raised: Moment(alert.raised),
            end: alert.end.map { Moment($0) }, summary: alert.summary, calls: alert.attempts, stopped: alert.denied,
            identical: alert.same, acknowledged: alert.transitions.contains { $0.state == "acknowledged" },
            silenced: alert.transitions.contains { $0.state == "silenced" })
    }
}

extension AgentFigures {
    init(_ rate: AgentRate, callsByDay: [Int], previousCalls: Int? = nil, incidents: Int = 0) {
        self.init(
            agent: rate.agent, counts: CountFigures(rate.counts), previousCalls: previousCalls,
            activeHours: rate.activeHours,
            callsPerActiveHour: ReportNumber.rounded(rate.perActiveHour), peakMinute: PeakFigures(rate.peak),
            busiestHour: PeakFigures(rate.busiestHour), tools: rate.tools.map { "\($0.server)/\($0.tool)" }.uniqued(),
            p95Microseconds: (rate.latency?.p95).map { Int($0) },
            callsByDay: callsByDay, incidents: incidents)
    }

    /// All agents of a period with their calls by day, most calls first.
    static func all(
        from store: WarehouseStore, in period: Period, where filter: CallFilter = .all, zone: ReportZone = .utc
    ) throws(ReportError) -> [AgentFigures] {
        let rates = try ask { () throws(WarehouseError) in try store.rates(in: period, where: filter) }
        let days = DayRange(period, in: zone)
        let byDay = days.count <= 31 ? try AgentDays(from: store, in: period, where: filter, zone: zone) : nil
        return rates.map { AgentFigures($0, callsByDay: byDay?.calls($0.agent, over: days) ?? []) }
    }
}

extension Array where Element: Hashable {
    /// Each element once, at its first place.
    func uniqued() -> [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}

/// The local days that a period touches.
struct DayRange {
    let days: [CivilDay]

    init(_ period: Period, in zone: ReportZone = .utc) {
        let first = zone.day(of: period.from)
        let last = zone.day(of: period.to.advanced(by: -1))
        days = (first...max(first, last)).map { CivilDay(CivilDate(daysSinceEpoch: $0)) }
    }

    var count: Int { days.count }
}

/// Calls by agent and day.
struct AgentDays {
    private var calls: [String?: [CivilDate: Int]] = [:]

    init(
        from store: WarehouseStore, in period: Period, where filter: CallFilter = .all, zone: ReportZone = .utc
    ) throws(ReportError) {
        let days = try ask { () throws(WarehouseError) in
            try store.agentDays(in: period, where: filter, offsetSeconds: { zone.offsetSeconds($0) })
        }
        for day in days { calls[day.agent, default: [:]][day.day, default: 0] += day.calls }
    }

    func calls(_ agent: String?, over days: DayRange) -> [Int] {
        days.days.map { calls[agent]?[$0.date] ?? 0 }
    }
}
