public import Events
import GRDB

/// Requests other than calls that were refused: the signal of an attack, or of a client that is broken.
public struct RefusalCount: Sendable, Hashable {
    /// Why; nil where this tollgate does not know the word.
    public var reason: Reason?
    /// Why, as recorded.
    public var reasonText: String
    /// The agent, nil for callers that were not resolved.
    public var agent: String?
    /// The server that was asked for.
    public var server: String
    /// The method, `-` where it could not be read or was not kept.
    public var method: String
    /// How many.
    public var n: Int
    /// Whether they were counted by the second instead of each being recorded.
    public var coalesced: Bool
}

extension WarehouseStore {
    /// Refused requests other than calls, by reason, agent, server and method; most first.
    ///
    /// - Throws: `WarehouseError`.
    public func refusals(in period: Period) throws(WarehouseError) -> [RefusalCount] {
        try ask { db in
            let names = try self.names.read(db)
            var counts: [RefusalCount: Int] = [:]
            for request in try OtherRequests.read(db, period, names) where request.isRefused {
                let key = RefusalCount(
                    reason: Reason(rawValue: request.reason), reasonText: request.reason, agent: request.agent,
                    server: request.server, method: request.method, n: 0, coalesced: request.isCoalesced)
                counts[key, default: 0] += request.n
            }
            let refusals = counts.map { key, n in
                var refusal = key
                refusal.n = n
                return refusal
            }
            return refusals.sorted {
                ($1.n, $0.reasonText, $0.agent ?? "", $0.server, $0.method)
                    < ($0.n, $1.reasonText, $1.agent ?? "", $1.server, $1.method)
            }
        }
    }
}
