import Events
import Warehouse

extension DenialFigures {
    /// Every side of a period's stopped calls, most calls first, equals by name.
    init(from store: WarehouseStore, in period: Period, where filter: CallFilter = .all) throws(ReportError) {
        let counts = try ask { () throws(WarehouseError) in try store.denials(in: period, where: filter) }
        let pairs = try ask { () throws(WarehouseError) in try store.pairCalls(in: period, where: filter) }
        let enforced = counts.filter { $0.mode == .enforce }
        let stopped = enforced.reduce(0) { $0 + $1.calls }
        let calls = pairs.reduce(into: [ToolKey: Int]()) { $0[ToolKey($1.name), default: 0] += $1.calls }
        let agentCalls = pairs.reduce(into: [String?: Int]()) { $0[$1.agent, default: 0] += $1.calls }
        self.init(
            stopped: stopped, wouldHaveStopped: counts.reduce(0) { $0 + $1.calls } - stopped,
            byRule: DenialFigures.byRule(counts), byReason: DenialFigures.byReason(enforced, of: stopped),
            byTool: DenialFigures.byTool(enforced, calls: calls),
            byAgent: DenialFigures.byAgent(enforced, calls: agentCalls),
            persistent: try DenialFigures.persistent(store, period, filter),
            retries: try DenialFigures.retries(store, period, filter),
            refusals: filter.isAll ? try DenialFigures.refusals(store, period) : [])
    }

    private struct RuleKey: Hashable {
        let rule: String?
        let reason: Reason
        let decision: Verdict
        let mode: Mode
        let policy: String?
    }

    private static func byRule(_ counts: [DenialCount]) -> [RuleFigures] {
        let groups = Dictionary(grouping: counts) {
            RuleKey(rule: $0.rule, reason: $0.reason, decision: $0.decision, mode: $0.mode, policy: $0.policy)
        }
        return groups.map { key, members in
            let agents = members.reduce(into: [String?: Int]()) { $0[$1.agent, default: 0] += $1.calls }
            let most = agents.max { ($0.value, $1.key ?? "") < ($1.value, $0.key ?? "") }
            return RuleFigures(
                rule: key.rule, reason: key.reason.rawValue, decision: key.decision.rawValue, mode: key.mode.rawValue,
                policy: key.policy, calls: members.reduce(0) { $0 + $1.calls }, agents: agents.count,
                tools: Set(members.map { ToolKey($0.name) }).count, mostlyAgent: most?.key,
                mostlyCalls: most?.value ?? 0)
        }.sorted { ($1.calls, $0.rule ?? "", $0.reason, $0.mode) < ($0.calls, $1.rule ?? "", $1.reason, $1.mode) }
    }

    private static func byReason(_ counts: [DenialCount], of stopped: Int) -> [ReasonFigures] {
        let groups = counts.reduce(into: [Reason: Int]()) { $0[$1.reason, default: 0] += $1.calls }
        return groups.map {
            ReasonFigures(reason: $0.rawValue, calls: $1, share: ReportNumber.share($1, of: stopped))
        }.sorted { ($1.calls, $0.reason) < ($0.calls, $1.reason) }
    }

    private static func byTool(_ counts: [DenialCount], calls: [ToolKey: Int]) -> [ToolStopFigures] {
        Dictionary(grouping: counts) { ToolKey($0.name) }.map { key, members in
            let stopped = members.reduce(0) { $0 + $1.calls }
            let throttled = members.reduce(0) { $0 + ($1.decision == .throttle ? $1.calls : 0) }
            return ToolStopFigures(
                server: key.server, tool: key.tool, risk: members.compactMap { $0.name.risk?.rawValue }.first,
                calls: stopped,
                denied: stopped - throttled, throttled: throttled,
                share: ReportNumber.share(stopped, of: calls[key] ?? stopped))
        }.sorted { ($1.calls, $0.server, $0.tool) < ($0.calls, $1.server, $1.tool) }
    }

    private static func byAgent(_ counts: [DenialCount], calls: [String?: Int]) -> [AgentStopFigures] {
        Dictionary(grouping: counts, by: \.agent).map { agent, members in
            let stopped = members.reduce(0) { $0 + $1.calls }
            let throttled = members.reduce(0) { $0 + ($1.decision == .throttle ? $1.calls : 0) }
            let rules = members.reduce(into: [String: Int]()) {
                $0[$1.rule ?? $1.reason.rawValue, default: 0] += $1.calls
            }
            let most = rules.max { ($0.value, $1.key) < ($1.value, $0.key) }
            return AgentStopFigures(
                agent: agent, calls: stopped, denied: stopped - throttled, throttled: throttled,
                share: ReportNumber.share(stopped, of: calls[agent] ?? stopped), mostly: most?.key ?? "")
        }.sorted { ($1.calls, $0.agent ?? "") < ($0.calls, $1.agent ?? "") }
    }

    private static func persistent(
        _ store: WarehouseStore, _ period: Period, _ filter: CallFilter
    ) throws(ReportError) -> [PersistentFigures] {
        let calls = try ask { () throws(WarehouseError) in try store.persistentDenials(in: period, where: filter) }
        return calls.map { call in
            PersistentFigures(
                agent: call.agent, server: call.name.server, tool: call.name.tool,
                argumentDigest: call.argumentDigest?.description, rule: call.rule, reason: call.reason.rawValue,
                calls: call.calls, first: Moment(call.first), last: Moment(call.last), lastRecord: "\(call.lastRecord)")
        }.sorted { ($1.calls, $0.first, $0.tool) < ($0.calls, $1.first, $1.tool) }
    }

    private static func retries(
        _ store: WarehouseStore, _ period: Period, _ filter: CallFilter
    ) throws(ReportError) -> [RetryFigures] {
        let counts = try ask { () throws(WarehouseError) in try store.retries(in: period, where: filter) }
        return counts.map { retry in
            RetryFigures(
                agent: retry.agent, server: retry.name.server, tool: retry.name.tool, throttled: retry.throttles,
                retriedWithinTheHour: retry.retried, tooEarly: retry.early,
                medianMicroseconds: retry.medianMicroseconds.map { Int($0) })
        }.sorted { ($1.throttled, $0.agent ?? "", $0.tool) < ($0.throttled, $1.agent ?? "", $1.tool) }
    }

    private static func refusals(_ store: WarehouseStore, _ period: Period) throws(ReportError) -> [RefusalFigures] {
        let counts = try ask { () throws(WarehouseError) in try store.refusals(in: period) }
        return counts.map {
            RefusalFigures(reason: $0.reasonText, agent: $0.agent, server: $0.server, method: $0.method, requests: $0.n)
        }.sorted { ($1.requests, $0.reason, $0.method, $0.server) < ($0.requests, $1.reason, $1.method, $1.server) }
    }
}

/// A tool without its class, which may change within a period.
struct ToolKey: Hashable {
    let server: String
    let tool: String

    init(_ name: ToolName) {
        self.init(server: name.server, tool: name.tool)
    }

    init(server: String, tool: String) {
        self.server = server
        self.tool = tool
    }
}

extension CallFilter {
    /// Whether nothing is filtered.
    var isAll: Bool { agent == nil && server == nil && tool == nil && risk == nil }

    /// Whether an agent's use of a tool is within the filter.
    func admits(_ agent: String?, _ name: ToolName) -> Bool {
        (self.agent.map { $0 == agent ?? "" } ?? true) && (server.map { $0 == name.server } ?? true)
            && (tool.map { $0 == name.tool } ?? true) && (risk.map { $0 == name.risk } ?? true)
    }
}

extension ReportNumber {
    static func share(_ part: Int, of whole: Int) -> Double {
        whole > 0 ? rounded(Double(part) / Double(whole)) : 0
    }
}
