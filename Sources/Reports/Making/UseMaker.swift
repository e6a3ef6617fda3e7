import Events
import Terminal
import Warehouse

/// Asks what the reports on one agent and on one tool share.
struct UseMaker {
    let store: WarehouseStore
    let period: Period
    let zone: ReportZone
    let filter: CallFilter

    func agents() throws(ReportError) -> [AgentFigures] {
        try AgentFigures.all(from: store, in: period, where: filter, zone: zone)
    }

    /// Each pair's use, most calls first.
    func uses() throws(ReportError) -> [UseFigures] {
        let pairs = try ask { () throws(WarehouseError) in try store.agentTools(in: period, where: filter) }
        let news = try ask { () throws(WarehouseError) in try store.firstUses(in: period) }
        let first = Dictionary(news.map { (PairKey($0.agent, $0.name), $0.at) }) { min($0, $1) }
        let days = DayRange(period, in: zone)
        var byDay: [PairKey: [CivilDate: Int]] = [:]
        if days.count <= 31 {
            let cells = try ask { () throws(WarehouseError) in
                try store.dayCells(in: period, where: filter, offsetSeconds: { zone.offsetSeconds($0) })
            }
            for cell in cells {
                byDay[PairKey(cell.agent, cell.name), default: [:]][cell.day, default: 0] += cell.counts.calls
            }
        }
        return pairs.map { pair in
            let key = PairKey(pair.agent, pair.name)
            return UseFigures(
                agent: pair.agent, server: pair.name.server, tool: pair.name.tool, risk: pair.name.risk?.rawValue,
                counts: CountFigures(pair.counts), activeMinutes: pair.activeMinutes,
                peakMinute: PeakFigures(pair.peak),
                callsByDay: days.count <= 31 ? days.days.map { byDay[key]?[$0.date] ?? 0 } : [],
                firstUse: first[key].map { Moment($0) })
        }
    }

    func hours() throws(ReportError) -> HourFigures {
        let counts = try ask { () throws(WarehouseError) in
            try store.hourOfWeek(in: period, where: filter, offsetSeconds: { zone.offsetSeconds($0) })
        }
        return HourFigures(counts)
    }

    func alerts() throws(ReportError) -> [AlertFigures] {
        try AlertsReport.make(from: store, in: period, where: filter, zone: zone).alerts
    }

    /// That no agent of a name called in the period.
    func unknownAgent(_ name: String) throws(ReportError) -> ReportError {
        let rates = try ask { () throws(WarehouseError) in try store.agentTools(in: period) }
        return .unknown("agent", name, command: "agent", among: Set(rates.map { $0.agent ?? "(unresolved)" }))
    }
}

extension HourFigures {
    init(_ counts: [CallCounts]) {
        func offHours(_ values: [Int]) -> Double? {
            let total = values.reduce(0, +)
            let office = values.indices.reduce(0) { sum, hour in
                hour / 24 < 5 && (7..<19).contains(hour % 24) ? sum + values[hour] : sum
            }
            return total > 0 ? ReportNumber.share(total - office, of: total) : nil
        }
        let calls = counts.map(\.calls)
        let stopped = counts.map(\.stopped)
        self.init(
            calls: calls, stopped: stopped, offHoursShare: offHours(calls), offHoursStoppedShare: offHours(stopped))
    }
}

extension ReportError {
    /// That nothing of a name has called or was called, with the nearest names that have.
    static func unknown(_ kind: String, _ name: String, command: String, among names: Set<String>) -> ReportError {
        let near = NearNames.of(name, among: Array(names))
        let list = near.isEmpty ? "" : "; near it: \(near.map { VisibleText.of($0) }.joined(separator: ", "))"
        let hint = near.first.map { "tollgate report \(command) \(ShellWord.quoted(VisibleText.of($0)))" }
        return ReportError(
            .usage, "no \(kind) '\(VisibleText.of(name))' in this time\(list)",
            hint: hint ?? "tollgate report rates --since 28d")
    }
}
