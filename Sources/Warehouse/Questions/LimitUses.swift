import Events
import GRDB

/// How an agent's calls of a tool stood to one limit.
public struct LimitUse: Sendable, Hashable {
    /// The agent, nil for callers that were not resolved.
    public var agent: String?
    /// The tool, with the class it last came under.
    public var name: ToolName
    /// The limit that was nearest to its maximum; nil where no limit was read at all.
    public var limit: Limit?
    /// Calls.
    public var calls: Int
    /// Those that passed with at least 80 % of the limit used.
    public var near: Int
    /// Those that a limit stopped.
    public var throttled: Int

    /// A limit as calls met it.
    public struct Limit: Sendable, Hashable {
        /// Its counter.
        public var counter: String
        /// Its window, in seconds.
        public var windowSeconds: Int
        /// The most it allows.
        public var maximum: Int

        /// Names a limit.
        public init(counter: String, windowSeconds: Int, maximum: Int) {
            self.counter = counter
            self.windowSeconds = windowSeconds
            self.maximum = maximum
        }
    }
}

/// A grant and an agent that used it.
public struct GrantUse: Sendable, Hashable {
    /// The grant.
    public var grant: String
    /// The agent, nil for callers that were not resolved.
    public var agent: String?
    /// Calls.
    public var calls: Int
}

extension WarehouseStore {
    /// Calls by agent, tool and the limit that they met; most calls first.
    ///
    /// - Throws: `WarehouseError`.
    public func limitUses(in period: Period, where filter: CallFilter = .all) throws(WarehouseError) -> [LimitUse] {
        struct Key: Hashable {
            var pair: AgentTool
            var limit: LimitUse.Limit?
        }
        return try ask { db in
            let names = try self.names.read(db)
            var uses: [Key: LimitUse] = [:]
            let source = CellSource(period: period, selection: Selection(filter, names))
            for cell in try source.read(db, by: [.actor, .tool, .verdict]) {
                let verdict = names.verdicts[cell.verdict]
                let limit = verdict?.limitCounter.map {
                    LimitUse.Limit(
                        counter: $0, windowSeconds: verdict?.limitWindow ?? 0, maximum: verdict?.limitMaximum ?? 0)
                }
                let key = Key(pair: Grouping.agentTool.key(cell, names), limit: limit)
                var use =
                    uses.removeValue(forKey: key)
                    ?? LimitUse(
                        agent: names.agent(key.pair.agent), name: names.tool(cell.tool), limit: limit, calls: 0,
                        near: 0,
                        throttled: 0)
                use.name = names.tool(cell.tool)
                use.calls += cell.n
                use.near += cell.near
                if verdict?.decision == .throttle, verdict?.mode == .enforce { use.throttled += cell.n }
                uses[key] = use
            }
            return uses.values.sorted {
                ($1.calls, $0.agent ?? "", $0.name, $0.limit?.counter ?? "", $0.limit?.maximum ?? 0)
                    < ($0.calls, $1.agent ?? "", $1.name, $1.limit?.counter ?? "", $1.limit?.maximum ?? 0)
            }
        }
    }

    /// Calls by grant and agent, by name.
    ///
    /// - Throws: `WarehouseError`.
    public func grantUses(in period: Period) throws(WarehouseError) -> [GrantUse] {
        struct Key: Hashable {
            var grant: String
            var agent: Int64
        }
        return try ask { db in
            let names = try self.names.read(db)
            var calls: [Key: Int] = [:]
            let source = CellSource(period: period, selection: Selection(.all, names))
            for cell in try source.read(db, by: [.actor]) {
                guard let actor = names.actors[cell.actor], let grant = actor.grant else { continue }
                calls[Key(grant: grant, agent: actor.agentID), default: 0] += cell.n
            }
            return calls.map { GrantUse(grant: $0.grant, agent: names.agent($0.agent), calls: $1) }
                .sorted { ($0.grant, $0.agent ?? "") < ($1.grant, $1.agent ?? "") }
        }
    }
}
