import Events

/// What whole UTC hours come to, at a glance: sums alone, for a page that is looked at all the time.
public struct HourGlance: Sendable, Hashable {
    /// The calls.
    public var counts = CallCounts()
    /// Agents that called.
    public var agents = 0
}

extension WarehouseStore {
    /// What the UTC hours that a period touches come to; reads no row of a call.
    ///
    /// - Throws: `WarehouseError`.
    public func glance(at period: Period) throws(WarehouseError) -> HourGlance {
        try ask { db in
            let names = try self.names.read(db)
            var glance = HourGlance()
            var agents: Set<Int64> = []
            let source = CellSource(period: period.ofWholeHours, selection: Selection(.all, names))
            for cell in try source.sums(db, by: [.actor, .verdict, .outcome]) {
                glance.counts.add(cell, names)
                agents.insert(names.agentID(of: cell.actor))
            }
            glance.agents = agents.count
            return glance
        }
    }
}

extension Period {
    /// The UTC hours that this period touches: what sums by the hour tell of wholly.
    var ofWholeHours: Period {
        let hour = Clock.hour * Clock.second
        let last = Clock.start(of: Clock.hour, holding: to.microseconds - 1) * Clock.second
        return Period(
            from: Timestamp(microseconds: Clock.start(of: Clock.hour, holding: from.microseconds) * Clock.second),
            to: Timestamp(microseconds: last + hour))
    }
}
