import Events
import GRDB

/// What a period comes to.
public struct Totals: Sendable, Hashable {
    /// Its calls.
    public var counts = CallCounts()
    /// Agents that called.
    public var agents = 0
    /// Tools that were called.
    public var tools = 0
    /// Minutes with a call.
    public var activeMinutes = 0
    /// UTC hours with a call.
    public var activeHours = 0
    /// The busiest minute, all calls together.
    public var peak: PeakMinute?
    /// The busiest hour, all calls together.
    public var busiestHour: PeakHour?
    /// Upstream durations.
    public var latency: Latency?
    /// Other requests (`tools/list`, …) that were decided, coalesced ones with their number.
    public var otherRequests = 0
    /// Those of them that were refused.
    public var refusals = 0
}

extension WarehouseStore {
    /// What a period comes to.
    ///
    /// The filter narrows calls; other requests are counted only where there is none.
    ///
    /// - Throws: `WarehouseError`.
    public func totals(in period: Period, where filter: CallFilter = .all) throws(WarehouseError) -> Totals {
        try ask { db in
            let names = try self.names.read(db)
            let selection = Selection(filter, names)
            var totals = Totals()
            var agents: Set<Int64> = []
            var tools: Set<Int64> = []
            let source = CellSource(period: period, selection: selection)
            for cell in try source.sums(db, by: [.actor, .tool, .verdict, .outcome]) {
                totals.counts.add(cell, names)
                agents.insert(names.agentID(of: cell.actor))
                tools.insert(names.toolID(of: cell.tool))
            }
            totals.agents = agents.count
            totals.tools = tools.count
            if let facts = try HourFacts.read(db, period, selection, by: .all)[AgentTool()] {
                totals.activeHours = facts.active
                totals.busiestHour = facts.busiest
            }
            if let facts = try DayFacts.read(db, period, selection, by: .all)[AgentTool()] {
                totals.activeMinutes = facts.activeMinutes
                totals.peak = facts.peak
                totals.latency = facts.latency
            }
            guard filter == .all else { return totals }
            for refusal in try OtherRequests.read(db, period, names) {
                totals.otherRequests += refusal.n
                if refusal.isRefused { totals.refusals += refusal.n }
            }
            return totals
        }
    }

    /// Whether a period has a call.
    ///
    /// - Throws: `WarehouseError`.
    public func hasCalls(in period: Period) throws(WarehouseError) -> Bool {
        try ask { db in
            var calls = 0
            let source = CellSource(period: period, selection: Selection(.all, try names.read(db)))
            try source.scan(db) { calls += $0.n }
            return calls > 0
        }
    }

    /// From the first call, or where retention has deleted its day's sums from the first day that is kept, to just past
    /// the last record; nil while there is no call.
    ///
    /// - Throws: `WarehouseError`.
    public func span() throws(WarehouseError) -> Period? {
        try ask { db in
            guard let first = try Int64.fetchOne(db, sql: "SELECT min(ts_us) FROM first_use"),
                let last = try Int64.fetchOne(db, sql: "SELECT max(last_us) FROM cursor")
            else { return nil }
            let kept = try KeptSince.read(db).first { $0.subject == .days }?.from.microseconds ?? .min
            return Period(from: Timestamp(microseconds: max(first, kept)), to: Timestamp(microseconds: last + 1))
        }
    }
}
