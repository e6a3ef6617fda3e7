import Events
import Warehouse

/// Asks how near calls came to their limits.
struct LimitMaker {
    let store: WarehouseStore
    let period: Period
    let filter: CallFilter

    private struct Key: Hashable {
        let tool: ToolKey
        let limit: LimitUse.Limit
    }

    /// Each tool's limits: those that stopped most first.
    func limits() throws(ReportError) -> [LimitFigures] {
        let uses = try ask { () throws(WarehouseError) in try store.limitUses(in: period, where: filter) }
        let peaks = try peaks()
        let misses = try ask { () throws(WarehouseError) in try store.nearMisses(in: period) }
        let highest = misses.filter { filter.admits($0.agent, $0.name) }.reduce(into: [Key: Int]()) {
            let limit = LimitUse.Limit(counter: $1.counter, windowSeconds: $1.windowSeconds, maximum: $1.maximum)
            let key = Key(tool: ToolKey($1.name), limit: limit)
            $0[key] = max($0[key] ?? 0, $1.highest)
        }
        let limited = uses.compactMap { use in use.limit.map { (Key(tool: ToolKey(use.name), limit: $0), use) } }
        return Dictionary(grouping: limited, by: \.0).map { key, members in
            let uses = members.map(\.1)
            let peak = peaks[key.tool]
            var figures = LimitFigures(
                server: key.tool.server, tool: key.tool.tool, counter: key.limit.counter,
                windowSeconds: key.limit.windowSeconds, maximum: key.limit.maximum,
                agents: Set(uses.map(\.agent)).count, calls: uses.reduce(0) { $0 + $1.calls },
                near: uses.reduce(0) { $0 + $1.near }, throttled: uses.reduce(0) { $0 + $1.throttled },
                highest: highest[key], peakMinute: peak, verdict: .fits)
            if figures.throttled > 0 {
                figures.verdict = .stops
            } else if figures.near > 0 {
                figures.verdict = .near
            } else if figures.windowSeconds == 60, let peak, peak.calls * 5 <= figures.maximum {
                figures.verdict = .loose
            }
            return figures
        }.sorted {
            ($1.throttled, $1.near, $1.calls, $0.server, $0.tool, $0.counter)
                < ($0.throttled, $0.near, $0.calls, $1.server, $1.tool, $1.counter)
        }
    }

    /// Tools none of whose calls met a limit: those that can do most harm first.
    func unlimited() throws(ReportError) -> [UnlimitedFigures] {
        let uses = try ask { () throws(WarehouseError) in try store.limitUses(in: period, where: filter) }
        let peaks = try peaks()
        let free = Dictionary(grouping: uses) { ToolKey($0.name) }.filter { $0.value.allSatisfy { $0.limit == nil } }
        let figures = free.map { key, uses in
            (
                RiskWeight.of(uses[0].name.risk),
                UnlimitedFigures(
                    server: key.server, tool: key.tool, risk: uses[0].name.risk?.rawValue,
                    agents: Set(uses.map(\.agent)).count, calls: uses.reduce(0) { $0 + $1.calls },
                    peakMinute: peaks[key])
            )
        }
        return figures.sorted {
            ($1.0, $1.1.calls, $0.1.server, $0.1.tool) < ($0.0, $0.1.calls, $1.1.server, $1.1.tool)
        }.map(\.1)
    }

    /// The busiest minute of any one agent, by tool.
    private func peaks() throws(ReportError) -> [ToolKey: PeakFigures] {
        let pairs = try ask { () throws(WarehouseError) in try store.agentTools(in: period, where: filter) }
        return pairs.reduce(into: [:]) { peaks, pair in
            guard let peak = PeakFigures(pair.peak) else { return }
            let key = ToolKey(pair.name)
            if let known = peaks[key], (peak.calls, known.at) <= (known.calls, peak.at) { return }
            peaks[key] = peak
        }
    }
}
