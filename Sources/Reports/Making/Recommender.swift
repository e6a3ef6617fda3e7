import Events
import Terminal
import Warehouse

/// Finds what to change in policies and grants, from the last 28 days, and tries each limit on them.
struct Recommender {
    /// Below it a tool's use says nothing about its limit.
    private static let leastCalls = 100
    private static let mostLimits = 12

    /// What the calls of 28 days say.
    struct Month {
        let period: Period
        /// The busiest minutes of the 28 days.
        let peaks: DayPeaks
        fileprivate let uses: [ToolKey: Use]

        /// - Throws: `ReportError`.
        init(from store: WarehouseStore, month: Period) throws(ReportError) {
            period = month
            peaks = try ask { () throws(WarehouseError) in try store.dayPeaks(in: month) }
            var uses: [ToolKey: Use] = [:]
            for use in try ask({ () throws(WarehouseError) in try store.limitUses(in: month) }) {
                var sum = uses.removeValue(forKey: ToolKey(use.name)) ?? Use(name: use.name)
                sum.calls += use.calls
                sum.near += use.near
                sum.throttled += use.throttled
                sum.agents.insert(use.agent)
                if let limit = use.limit { sum.limits[limit, default: 0] += use.calls }
                uses[ToolKey(use.name)] = sum
            }
            for tool in peaks.tools { uses[ToolKey(tool.name)]?.peaks = tool.calls }
            self.uses = uses
        }
    }

    let store: WarehouseStore
    let month: Month
    /// Tools that a runaway used this week and nothing stopped, with the calls a minute that its card advises.
    let unstopped: [ToolKey: Int]
    let throttledDays: [ToolKey: Int]
    let granted: [GrantedTools]

    /// One tool's use in 28 days.
    fileprivate struct Use {
        var name: ToolName
        var calls = 0
        var near = 0
        var throttled = 0
        var agents: Set<String?> = []
        var limits: [LimitUse.Limit: Int] = [:]
        /// The busiest minutes of its agents' days.
        var peaks: [Int] = []

        /// The busiest minute of all but the most extreme of twenty agents' days.
        var usualPeak: Int { Use.quantile(peaks, 0.95) }

        var highestPeak: Int { peaks.max() ?? 0 }

        private static func quantile(_ values: [Int], _ share: Double) -> Int {
            guard !values.isEmpty else { return 0 }
            let sorted = values.sorted()
            return sorted[min(Int((share * Double(sorted.count)).rounded(.up)), sorted.count) - 1]
        }
    }

    /// The recommendations, the gravest kind first.
    func all() throws(ReportError) -> [RecommendationFigures] {
        try shared() + (try missing(month.uses)) + (try limits(month.uses)) + unused(month.uses)
    }

    /// What a limit would have done to a tool's calls of the 28 days.
    private func effect(_ maximum: Int, on use: Use, loosens: Bool) throws(ReportError) -> EffectFigures? {
        let found = try ask { () throws(WarehouseError) in
            try store.excess(over: maximum, in: month.peaks, server: use.name.server, tool: use.name.tool)
        }
        guard let excess = found else { return nil }
        let beyond = excess.reduce(0) { $0 + $1.calls }
        let stoppedBefore = excess.reduce(0) { $0 + $1.stopped }
        return EffectFigures(
            from: Moment(month.period.from), to: Moment(month.period.to), calls: use.calls, stopped: use.throttled,
            newlyStopped: beyond - stoppedBefore,
            newlyPassed: loosens ? max(use.throttled - stoppedBefore, 0) : nil,
            agents: excess.filter { $0.calls > $0.stopped }.map { $0.agent ?? "(unresolved)" })
    }

    /// One credential used by several agents: nobody can be told apart, limited or stopped alone.
    private func shared() throws(ReportError) -> [RecommendationFigures] {
        let uses = try ask { () throws(WarehouseError) in try store.grantUses(in: month.period) }
        return Dictionary(grouping: uses, by: \.grant).filter { $0.value.count > 1 }.sorted { $0.key < $1.key }.map {
            grant, uses in
            let agents = uses.sorted { ($1.calls, $0.agent ?? "") < ($0.calls, $1.agent ?? "") }
            let names = agents.prefix(5).map { "\($0.agent ?? "(unresolved)") \(Words.count($0.calls, "call"))" }
            let rest = agents.count > 5 ? " and \(agents.count - 5) more" : ""
            return RecommendationFigures(
                kind: .credentialShared, grant: grant,
                advice:
                    "Give each agent a grant of its own: they share one, so limits, brakes and this report cannot tell them apart.",
                evidence: "\(Words.count(agents.count, "agent")) in 28 days: \(names.joined(separator: ", "))\(rest).")
        }
    }

    /// Tools that can do harm, or did, and that no limit was read for.
    private func missing(_ uses: [ToolKey: Use]) throws(ReportError) -> [RecommendationFigures] {
        let grave: Set<Risk> = [.execute, .destructive, .financial]
        let tools = uses.filter { key, use in
            use.limits.isEmpty && use.calls >= Recommender.leastCalls
                && (use.name.risk.map(grave.contains) ?? false || unstopped[key] != nil)
        }.values.sorted { a, b in
            (unstopped[ToolKey(a.name)] == nil ? 1 : 0, RiskWeight.of(b.name.risk), b.calls, a.name)
                < (unstopped[ToolKey(b.name)] == nil ? 1 : 0, RiskWeight.of(a.name.risk), a.calls, b.name)
        }
        var found: [RecommendationFigures] = []
        for use in tools.prefix(Recommender.mostLimits) {
            let advised = unstopped[ToolKey(use.name)]
            let maximum = advised ?? max(2 * use.usualPeak, 10)
            let why =
                advised != nil ? "A runaway used it this week and nothing stopped it" : "No call of it met a limit"
            found.append(
                RecommendationFigures(
                    kind: .limitMissing, server: use.name.server, tool: use.name.tool,
                    advice: "Limit it to \(Words.count(maximum)) calls a minute for each grant.",
                    evidence:
                        "\(why). \(Words.count(use.calls, "call")) by \(Words.count(use.agents.count, "agent")) in 28 days, class \(use.name.risk?.rawValue ?? "unknown"); on 19 of 20 of its agents' days the busiest minute had at most \(Words.count(use.usualPeak)), the highest \(Words.count(use.highestPeak)).",
                    effect: try effect(maximum, on: use, loosens: false), maximum: maximum,
                    policy: PolicyPatch.limits([use.name.tool: maximum])))
        }
        return found
    }

    /// Limits of a minute that ordinary work runs into, or that nothing comes near.
    private func limits(_ uses: [ToolKey: Use]) throws(ReportError) -> [RecommendationFigures] {
        var tight: [RecommendationFigures] = []
        var loose: [RecommendationFigures] = []
        let sorted = uses.values.sorted { ($1.throttled, $1.calls, $0.name) < ($0.throttled, $0.calls, $1.name) }
        for use in sorted where use.calls >= Recommender.leastCalls {
            let ofMinutes = use.limits.keys.filter { $0.windowSeconds == 60 }
            // Several maximums at once are several policies: which one to change is not the calls' to say.
            guard ofMinutes.count == 1, let limit = ofMinutes.first else { continue }
            let days = throttledDays[ToolKey(use.name)] ?? 0
            if days >= 3, use.throttled * 100 >= use.calls {
                guard tight.count < Recommender.mostLimits else { continue }
                tight.append(try self.tight(use, limit, days: days))
            } else if use.throttled == 0, limit.maximum > 20, use.highestPeak * 5 <= limit.maximum {
                guard loose.count < Recommender.mostLimits else { continue }
                loose.append(try self.loose(use, limit))
            }
        }
        return tight + loose
    }

    private func tight(_ use: Use, _ limit: LimitUse.Limit, days: Int) throws(ReportError) -> RecommendationFigures {
        let maximum = max((limit.maximum * 3 + 1) / 2, 2 * use.usualPeak)
        return RecommendationFigures(
            kind: .limitTight, server: use.name.server, tool: use.name.tool,
            advice:
                "Raise its limit from \(Words.count(limit.maximum)) to \(Words.count(maximum)) calls a minute, or let its agents batch.",
            evidence:
                "It stopped \(Words.count(use.throttled, "call")) on \(days) of 28 days, \(Words.percent(ReportNumber.share(use.throttled, of: use.calls))) of all, and \(Words.count(use.near)) more passed with 80 % of it used.",
            effect: try effect(maximum, on: use, loosens: true), maximum: maximum,
            policy: PolicyPatch.limits([use.name.tool: maximum]))
    }

    private func loose(_ use: Use, _ limit: LimitUse.Limit) throws(ReportError) -> RecommendationFigures {
        let maximum = max(2 * use.highestPeak, 10)
        return RecommendationFigures(
            kind: .limitLoose, server: use.name.server, tool: use.name.tool,
            advice: "Lower its limit from \(Words.count(limit.maximum)) to \(Words.count(maximum)) calls a minute.",
            evidence:
                "The busiest minute of any agent in 28 days had \(Words.count(use.highestPeak)) of the \(Words.count(limit.maximum)) allowed: a runaway of \(Words.count(limit.maximum - 1)) a minute would pass.",
            effect: try effect(maximum, on: use, loosens: false), maximum: maximum,
            policy: PolicyPatch.limits([use.name.tool: maximum]))
    }

    /// Tools that a policy lets through and that no call asked for.
    private func unused(_ uses: [ToolKey: Use]) -> [RecommendationFigures] {
        let called = Set(uses.keys.map(\.tool))
        return granted.compactMap { policy in
            let tools = policy.tools.filter { !called.contains($0) }.sorted()
            guard !tools.isEmpty else { return nil }
            let names = tools.prefix(8).joined(separator: ", ") + (tools.count > 8 ? ", …" : "")
            return RecommendationFigures(
                kind: .toolUnused, grant: policy.policy,
                advice: "Hide what nobody uses: \(names).",
                evidence:
                    "\(Words.count(tools.count)) of the \(Words.count(policy.tools.count, "tool")) that policy \(policy.policy) lets through had no call in 28 days.",
                effect: EffectFigures(
                    from: Moment(month.period.from), to: Moment(month.period.to), calls: 0, stopped: 0, newlyStopped: 0,
                    agents: []),
                policy: PolicyPatch.hiding(tools))
        }
    }
}
