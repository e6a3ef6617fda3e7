public import Events
import GRDB

/// Calls that one rule stopped, or in `shadow` would have stopped, for one agent and tool.
public struct DenialCount: Sendable, Hashable {
    /// The rule's id.
    public var rule: String?
    /// Why.
    public var reason: Reason
    /// `deny` or `throttle`.
    public var decision: Verdict
    /// Whether it was carried out.
    public var mode: Mode
    /// The policy's name.
    public var policy: String?
    /// The rule's constant text.
    public var message: String?
    /// The agent, nil for callers that were not resolved.
    public var agent: String?
    /// The tool.
    public var name: ToolName
    /// How many.
    public var calls: Int
    /// Start of the first hour with one.
    public var firstHour: Timestamp
    /// Start of the last hour with one.
    public var lastHour: Timestamp
}

extension WarehouseStore {
    /// Stopped calls by rule, reason, agent and tool; most first.
    ///
    /// Sum them as the question needs.
    ///
    /// - Throws: `WarehouseError`.
    public func denials(in period: Period, where filter: CallFilter = .all) throws(WarehouseError) -> [DenialCount] {
        struct Key: Hashable {
            var rule: String?
            var reason: Reason
            var decision: Verdict
            var mode: Mode
            var policy: String?
            var message: String?
            var agent: Int64
            var tool: Int64
        }
        return try ask { db in
            let names = try self.names.read(db)
            var selection = Selection(filter, names)
            selection.verdicts = names.verdicts.values.filter { $0.decision == .deny || $0.decision == .throttle }
                .map(\.id).sorted()
            var counts: [Key: DenialCount] = [:]
            let source = CellSource(period: period, selection: selection, grain: .hour)
            for cell in try source.read(db, by: [.start, .actor, .tool, .verdict]) {
                guard let verdict = names.verdicts[cell.verdict] else { continue }
                let agent = names.agentID(of: cell.actor)
                // The same rule under two digests of a policy is one rule.
                let key = Key(
                    rule: verdict.rule, reason: verdict.reason, decision: verdict.decision, mode: verdict.mode,
                    policy: verdict.policy, message: verdict.message, agent: agent, tool: cell.tool)
                let hour = Timestamp(seconds: cell.start)
                if counts[key] == nil {
                    counts[key] = DenialCount(
                        rule: key.rule, reason: key.reason, decision: key.decision, mode: key.mode, policy: key.policy,
                        message: key.message, agent: names.agent(agent), name: names.tool(cell.tool), calls: 0,
                        firstHour: hour, lastHour: hour)
                }
                counts[key]?.calls += cell.n
                counts[key]?.lastHour = hour
            }
            return counts.values.sorted {
                ($1.calls, $0.agent ?? "", $0.name, $0.rule ?? "", $0.reason.rawValue)
                    < ($0.calls, $1.agent ?? "", $1.name, $1.rule ?? "", $1.reason.rawValue)
            }
        }
    }
}
