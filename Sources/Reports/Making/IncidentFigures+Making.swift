import Detection
import Events
import Warehouse

/// Makes an incident's figures from an episode, its calls in the warehouse and the live alerts.
struct IncidentMaker {
    let store: WarehouseStore
    let alerts: [AlertFigures]
    let incidentID: (@Sendable (Finding) -> String)?
    let zone: ReportZone

    func incident(_ episode: IncidentFinder.Episode) throws(ReportError) -> IncidentFigures? {
        guard let first = episode.findings.first,
            let worst = episode.findings.max(by: { ($0.severity, $0.attempts) < ($1.severity, $1.attempts) }),
            let last = episode.findings.max(by: { $0.lastSeen < $1.lastSeen })
        else { return nil }
        let pair = CallFilter(
            agent: first.agent == CallEvent.unresolvedAgent ? "" : first.agent, server: first.server, tool: first.tool)
        let period = Period(from: episode.start, to: episode.end.advanced(by: 1))
        let cells = try ask { () throws(WarehouseError) in try store.dayCells(in: period, where: pair) }
        let counts = cells.reduce(into: CountFigures()) { $0 += CountFigures($1.counts) }
        let habits = try habits(of: pair, before: episode.start)
        let ids = episode.findings.compactMap { finding in incidentID.map { $0(finding) } }
        var incident = IncidentFigures(
            ids: ids, agent: first.agent, server: first.server, tool: first.tool, risk: nil,
            rules: episode.findings.map(\.rule.rawValue).uniqued(), severity: worst.severity.rawValue,
            start: Moment(episode.start), detected: Moment(episode.detected), end: Moment(episode.end),
            calls: counts.calls, stopped: counts.stopped,
            identical: episode.findings.map(\.same).max() ?? 0,
            resultUnchanged: episode.findings.contains(where: \.resultUnchanged),
            peakPerMinute: episode.findings.map(\.peakPerMinute).max() ?? 0, usualPerMinute: habits.usual,
            explanation: worst.summary, advice: [], policy: nil, firstRecord: "\(first.firstRecord)",
            lastRecord: "\(last.lastRecord)", alerts: matching(episode, ids: Set(ids)), timeline: nil)
        incident.risk = cells.last?.name.risk?.rawValue
        incident.timeline = try timeline(period, pair)
        incident.day = try day(episode.start, pair)
        let advice = IncidentAdvice(incident, denied: counts.denied, usualPeak: habits.peak)
        incident.advice = advice.sentences
        incident.policy = advice.policy
        incident.advisedMaximum = advice.maximum
        return incident
    }

    /// The pair's usual rate, and the tool's busiest minute of any agent, in the 28 whole UTC days before: its own day is
    /// no habit, and whole days cost no row.
    private func habits(of pair: CallFilter, before start: Timestamp) throws(ReportError) -> (usual: Double?, peak: Int)
    {
        let day: Int64 = 86_400_000_000
        let midnight = Timestamp(microseconds: (start.microseconds / day) * day)
        let before = Period(from: midnight.advanced(by: -28 * day), to: midnight)
        let tool = CallFilter(server: pair.server, tool: pair.tool)
        let counts = try ask { () throws(WarehouseError) in try store.agentTools(in: before, where: tool) }
        let own = counts.filter { $0.agent ?? "" == pair.agent }
        let calls = own.reduce(0) { $0 + $1.counts.calls }
        let minutes = own.reduce(0) { $0 + $1.activeMinutes }
        let usual = minutes > 0 ? ReportNumber.rounded(Double(calls) / Double(minutes)) : nil
        return (usual, counts.compactMap { $0.peak?.calls }.max() ?? 0)
    }

    /// Live alerts with the id of one of the findings, or on the same agent and tool at the same time.
    private func matching(_ episode: IncidentFinder.Episode, ids: Set<String>) -> [AlertFigures] {
        let first = episode.findings[0]
        return alerts.filter { alert in
            if ids.contains(alert.id) { return true }
            return alert.agent ?? CallEvent.unresolvedAgent == first.agent && alert.server == first.server
                && alert.tool == first.tool && alert.start.timestamp <= episode.end
                && (alert.end ?? alert.raised).timestamp >= episode.start
        }.sorted { ($0.raised, $0.id) < ($1.raised, $1.id) }
    }

    /// The local day of a moment, hour by hour, beside the same hours of the 28 days before.
    private func day(_ moment: Timestamp, _ pair: CallFilter) throws(ReportError) -> DayShapeFigures {
        let hour: Int64 = 3_600_000_000
        let start = zone.start(ofDay: zone.day(of: moment))
        // Whole UTC hours, from which half-hour zones begin their days half an hour late.
        let from = Timestamp(microseconds: (start.microseconds + hour - 1) / hour * hour)
        let hours = try ask { () throws(WarehouseError) in
            try store.hours(
                in: Period(from: from.advanced(by: -28 * 24 * hour), to: from.advanced(by: 24 * hour)),
                agent: pair.agent, server: pair.server ?? "", tool: pair.tool ?? "")
        }
        var passed = [Int](repeating: 0, count: 24)
        var stopped = passed
        var before = [[Int]](repeating: [], count: 24)
        for count in hours {
            let index = Int(count.hour.since(from) / hour)
            if index >= 0, index < 24 {
                passed[index] = count.counts.calls - count.counts.stopped
                stopped[index] = count.counts.stopped
            } else if index < 0 {
                before[((index % 24) + 24) % 24].append(count.counts.calls)
            }
        }
        // Hours of the 28 days without a call count as 0; a tenth of them on each side is left out.
        let usual = before.map { calls in (calls + [Int](repeating: 0, count: max(28 - calls.count, 0))).sorted() }
        return DayShapeFigures(
            from: Moment(from), passed: passed, stopped: stopped, usualLow: usual.map { $0[2] },
            usualHigh: usual.map { $0[25] })
    }

    private func timeline(_ period: Period, _ pair: CallFilter) throws(ReportError) -> TimelineFigures {
        let plan = TimelinePlan(period)
        let counts = try ask { () throws(WarehouseError) in
            try store.series(in: plan.period, stepSeconds: plan.stepSeconds, where: pair)
        }
        return TimelineFigures(
            from: Moment(plan.period.from), stepSeconds: plan.stepSeconds, passed: counts.map { $0.calls - $0.stopped },
            stopped: counts.map(\.stopped))
    }
}

/// The stretch around an incident that is drawn: half its length before and after, in at most 90 round steps.
struct TimelinePlan: Equatable {
    let period: Period
    let stepSeconds: Int

    init(_ incident: Period) {
        let length = incident.to.since(incident.from)
        let around = min(max(length / 2, 120_000_000), 7_200_000_000)
        let whole = length + 2 * around
        let steps = [10, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400]
        stepSeconds = steps.first { whole / (Int64($0) * 1_000_000) < 90 } ?? 86_400
        let step = Int64(stepSeconds) * 1_000_000
        let from = (incident.from.microseconds - around) / step * step
        let count = (incident.to.microseconds + around - from + step - 1) / step
        period = Period(
            from: Timestamp(microseconds: from), to: Timestamp(microseconds: from + count * step))
    }
}
