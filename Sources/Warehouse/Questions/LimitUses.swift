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
        try ask { db in
            let names = try self.names.read(db)
            let limits = MetLimits(names)
            var uses = PackedTable<LimitSum>()
            let source = CellSource(period: period, selection: Selection(filter, names))
            for cell in try source.sums(db, by: [.actor, .tool, .verdict]) {
                let pair = Grouping.agentTool.key(cell, names)
                let ids = UInt64(pair.agent) << 32 | UInt64(pair.tool)
                let key = PackedKey(high: ids, low: UInt64(limits.number(of: cell.verdict)))
                let index = uses.index(of: key, initial: LimitSum())
                uses.values[index].latestTool = max(uses.values[index].latestTool, cell.tool)
                uses.values[index].calls += cell.n
                uses.values[index].near += cell.near
                let kind = names.kind(of: cell.verdict)
                if kind.decision == .throttle, kind.mode == .enforce { uses.values[index].throttled += cell.n }
            }
            return zip(uses.keys, uses.values).map { key, sum in
                LimitUse(
                    agent: names.agent(Int64(key.high >> 32)), name: names.tool(sum.latestTool),
                    limit: limits.limit(Int(key.low)), calls: sum.calls, near: sum.near, throttled: sum.throttled)
            }.sorted {
                if $0.calls != $1.calls { return $0.calls > $1.calls }
                return ($0.agent ?? "", $0.name, $0.limit?.counter ?? "", $0.limit?.maximum ?? 0)
                    < ($1.agent ?? "", $1.name, $1.limit?.counter ?? "", $1.limit?.maximum ?? 0)
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
            for cell in try source.sums(db, by: [.actor]) {
                guard let actor = names.actors[cell.actor], let grant = actor.grant else { continue }
                calls[Key(grant: grant, agent: actor.agentID), default: 0] += cell.n
            }
            return calls.map { GrantUse(grant: $0.grant, agent: names.agent($0.agent), calls: $1) }
                .sorted { ($0.grant, $0.agent ?? "") < ($1.grant, $1.agent ?? "") }
        }
    }
}

/// An agent's calls of a tool that met one limit.
private struct LimitSum {
    /// The newest of the tool's rows: the class it last came under.
    var latestTool: Int64 = 0
    var calls = 0
    var near = 0
    var throttled = 0
}

/// The limits that verdicts name, numbered from 1; 0 is none.
private struct MetLimits {
    private var limits: [LimitUse.Limit] = []
    private var numbers: [Int] = [0]

    init(_ names: NameTables) {
        var known: [LimitUse.Limit: Int] = [:]
        for id in 1...Int64(max(names.verdicts.count, 1)) {
            let limit = names.verdicts[id].flatMap { verdict in
                verdict.limitCounter.map {
                    LimitUse.Limit(counter: $0, windowSeconds: verdict.limitWindow, maximum: verdict.limitMaximum)
                }
            }
            if let limit, known[limit] == nil {
                limits.append(limit)
                known[limit] = limits.count
            }
            numbers.append(limit.flatMap { known[$0] } ?? 0)
        }
    }

    func number(of verdict: Int64) -> Int {
        numbers.indices.contains(Int(verdict)) ? numbers[Int(verdict)] : 0
    }

    func limit(_ number: Int) -> LimitUse.Limit? {
        number > 0 ? limits[number - 1] : nil
    }
}
