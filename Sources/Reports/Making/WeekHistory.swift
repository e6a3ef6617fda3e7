import Events
import Warehouse

/// An agent and a tool, whatever class the tool came under.
struct PairKey: Hashable {
    let agent: String?
    let tool: ToolKey

    init(_ agent: String?, _ name: ToolName) {
        self.agent = agent
        tool = ToolKey(name)
    }
}

/// The week's calls by day, agent and tool, and those of the four weeks before it.
struct WeekHistory {
    /// One week's calls, or those of a part of it.
    struct Week {
        var counts = CountFigures()
        var pairs: [PairKey: Int] = [:]

        var agents: [String?: Int] {
            pairs.reduce(into: [:]) { $0[$1.key.agent, default: 0] += $1.value }
        }
    }

    static let weeks = 4

    let window: WeekWindow
    /// The report's period.
    let now: Week
    /// The same span of each week before, the latest first, as far as the log reaches.
    let earlier: [Week]
    private let current: UseHistory
    /// The 28 days before the week.
    private let past: UseHistory

    init(from store: WarehouseStore, window: WeekWindow, span: Period) throws(ReportError) {
        self.window = window
        let zone = window.zone
        func read(_ period: Period) throws(ReportError) -> UseHistory {
            try ask { () throws(WarehouseError) in
                try store.useHistory(in: period, offsetSeconds: { zone.offsetSeconds($0) })
            }
        }
        let start = window.period.from
        let monday = zone.day(of: start)
        current = try read(window.period)
        past = try read(Period(from: zone.start(ofDay: monday - 28), to: start))
        now = Week(current, days: 0..<current.days.count)
        var earlier: [Week] = []
        for weeks in 1...WeekHistory.weeks {
            let period = window.earlier(weeks)
            // A log begins with its first record, not with the first call of a quiet Monday: half a day is forgiven.
            guard span.from.since(period.from) <= 43_200_000_000 else { break }
            if window.isPartial {
                let part = try read(period)
                earlier.append(Week(part, days: 0..<part.days.count))
            } else {
                earlier.append(Week(past, days: (28 - 7 * weeks)..<(35 - 7 * weeks)))
            }
        }
        self.earlier = earlier
    }

    /// The same span of last week, where the log reaches back.
    var previous: PreviousFigures? {
        earlier.first.map { PreviousFigures(counts: $0.counts, agents: $0.agents.count) }
    }

    var median: MedianFigures? {
        guard earlier.count >= 2 else { return nil }
        func middle(_ value: (Week) -> Int) -> Int { ReportNumber.median(earlier.map(value)) ?? 0 }
        return MedianFigures(
            weeks: earlier.count, calls: middle(\.counts.calls), stopped: middle(\.counts.stopped),
            errors: middle(\.counts.errors), agents: middle(\.agents.count))
    }

    /// The week's days, those ahead of a partial report too.
    var days: [DayFigures] {
        window.days.days.enumerated().map { index, day in
            DayFigures(
                day: day.text,
                counts: current.days.indices.contains(index) ? CountFigures(current.days[index]) : CountFigures(),
                isAhead: window.zone.start(ofDay: day.date.daysSinceEpoch) >= window.period.to)
        }
    }

    /// Adds what the days say about each agent.
    func complete(_ agents: [AgentFigures]) -> [AgentFigures] {
        var days: [String?: [Int]] = [:]
        func add(_ history: UseHistory, from first: Int) {
            for pair in history.pairs {
                for (day, calls) in pair.calls.enumerated() where calls > 0 && (0..<28).contains(day + first) {
                    days[pair.agent, default: [Int](repeating: 0, count: 28)][day + first] += calls
                }
            }
        }
        add(past, from: -7)
        add(current, from: 21)
        let weights = current.classes.reduce(into: [String?: Int]()) {
            $0[$1.agent, default: 0] += $1.calls * RiskWeight.of($1.risk)
        }
        let weeks = earlier.map(\.agents)
        return agents.map { agent in
            var agent = agent
            let month = days[agent.agent] ?? [Int](repeating: 0, count: 28)
            agent.callsOf28Days = month
            agent.callsByDay = Array(month[21...])
            agent.riskWeightedCalls = weights[agent.agent] ?? 0
            agent.previousCalls = weeks.first.map { $0[agent.agent] ?? 0 }
            if weeks.count >= 2 { agent.medianCalls = ReportNumber.median(weeks.map { $0[agent.agent] ?? 0 }) }
            return agent
        }
    }

    /// On how many of the 28 days up to the week's end each tool's calls were throttled.
    func throttledDays() -> [ToolKey: Int] {
        var days: [ToolKey: Set<Int>] = [:]
        func add(_ history: UseHistory, from first: Int) {
            for pair in history.pairs {
                for (day, calls) in pair.throttled.enumerated() where calls > 0 && day + first >= 0 {
                    days[ToolKey(pair.name), default: []].insert(day + first)
                }
            }
        }
        add(past, from: -7)
        add(current, from: 21)
        return days.mapValues(\.count)
    }
}

extension WeekHistory.Week {
    fileprivate init(_ history: UseHistory, days: Range<Int>) {
        for day in days where history.days.indices.contains(day) { counts += CountFigures(history.days[day]) }
        for pair in history.pairs {
            let calls = pair.calls[days.clamped(to: 0..<pair.calls.count)].reduce(0, +)
            if calls > 0 { pairs[PairKey(pair.agent, pair.name), default: 0] += calls }
        }
    }
}
