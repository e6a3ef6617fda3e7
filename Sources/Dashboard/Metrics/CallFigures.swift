import AuditLog
import Events

/// What became of tool calls and of other requests, by server, tool, method and agent.
struct CallFigures: Sendable {
    /// A server's tool, or method, as labels have it.
    struct Pair: Sendable, Hashable {
        let server: String
        let name: String
    }

    /// A decision without whom it was about.
    struct Decided: Sendable, Hashable {
        let verdict: Verdict
        let reason: Reason
        let mode: Mode
    }

    /// What was decided, and whether it was carried out.
    struct Kind: Sendable, Hashable {
        let verdict: Verdict
        let mode: Mode
    }

    private(set) var all: [Kind: UInt64] = [:]
    private(set) var decisions: [Pair: [Decided: UInt64]] = [:]
    private(set) var agents: [String: [Kind: UInt64]] = [:]
    private(set) var others: [Pair: [Decided: UInt64]] = [:]
    private(set) var outcomes: [Pair: [Ending: UInt64]] = [:]
    private(set) var brakes: [Pair: UInt64] = [:]
    private(set) var upstream: [Pair: DurationHistogram] = [:]
    private(set) var added: [String: DurationHistogram] = [:]
    private(set) var tools: FirstComers<Pair>
    private(set) var timedTools: FirstComers<Pair>
    private(set) var methods: FirstComers<Pair>
    private(set) var agentNames: FirstComers<String>

    /// Bounds for what a server takes, in microseconds: 5 ms to 5 min.
    static let upstreamBounds: [Int64] = [
        5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000,
        30_000_000, 60_000_000, 300_000_000,
    ]
    /// Bounds for what the gateway adds, from a commit to a person's answer: 100 µs to 60 s.
    static let addedBounds: [Int64] = [
        100, 250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 500_000, 1_000_000, 5_000_000, 60_000_000,
    ]

    static let callMethod = "tools/call"

    init(_ limits: MetricLimits) {
        tools = FirstComers(limits.tools)
        timedTools = FirstComers(limits.timedTools)
        methods = FirstComers(limits.methods)
        agentNames = FirstComers(limits.agents)
    }

    /// - Parameter count: 1, or 0 for what was before: its series begins with it.
    mutating func observe(_ decision: Decision, _ count: UInt64) {
        let decided = Decided(verdict: decision.verdict, reason: decision.reason, mode: decision.mode)
        let server = LabelText.of(decision.server)
        guard decision.method == CallFigures.callMethod else {
            let pair = CallFigures.place(server, LabelText.of(decision.method), among: &methods, count)
            others[pair, default: [:]][decided, default: 0] += count
            return
        }
        let kind = Kind(verdict: decision.verdict, mode: decision.mode)
        all[kind, default: 0] += count
        let passes = decision.verdict == .allow || decision.mode == .shadow
        let pair =
            decision.unlisted && !passes
            ? Pair(server: server, name: LabelText.unlisted)
            : CallFigures.place(server, LabelText.of(decision.tool ?? ""), among: &tools, count)
        decisions[pair, default: [:]][decided, default: 0] += count
        let name = decision.agent.map(LabelText.of) ?? LabelText.unresolved
        let agent = agentNames.admits(name, count) ? name : LabelText.other
        agents[agent, default: [:]][kind, default: 0] += count
    }

    mutating func observe(_ outcome: Outcome, _ count: UInt64) {
        guard outcome.method ?? CallFigures.callMethod == CallFigures.callMethod else { return }
        let server = LabelText.of(outcome.server ?? "")
        let tool = LabelText.of(outcome.tool ?? "")
        outcomes[CallFigures.place(server, tool, among: &tools, count), default: [:]][outcome.ending, default: 0] +=
            count
        if let duration = outcome.upstreamMicroseconds {
            let pair = CallFigures.place(server, tool, among: &timedTools, count)
            var durations = upstream.removeValue(forKey: pair) ?? DurationHistogram(bounds: CallFigures.upstreamBounds)
            if count > 0 { durations.note(microseconds: Int64(duration)) }
            upstream[pair] = durations
        }
        if let duration = outcome.gatewayMicroseconds {
            var durations = added.removeValue(forKey: server) ?? DurationHistogram(bounds: CallFigures.addedBounds)
            if count > 0 { durations.note(microseconds: Int64(duration)) }
            added[server] = durations
        }
    }

    mutating func observeBrake(server: String, tool: String, _ count: UInt64) {
        let pair = CallFigures.place(LabelText.of(server), LabelText.of(tool), among: &tools, count)
        brakes[pair, default: 0] += count
    }

    private static func place(
        _ server: String, _ name: String, among known: inout FirstComers<Pair>, _ count: UInt64
    ) -> Pair {
        let pair = Pair(server: server, name: name)
        return known.admits(pair, count) ? pair : Pair(server: server, name: LabelText.other)
    }
}
