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

    /// An agent's decisions of one kind.
    struct AgentDecision: Sendable, Hashable {
        let verdict: Verdict
        let mode: Mode
    }

    private(set) var decisions: [Pair: [Decided: UInt64]] = [:]
    private(set) var agents: [String: [AgentDecision: UInt64]] = [:]
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

    mutating func observe(_ decision: Decision) {
        let decided = Decided(verdict: decision.verdict, reason: decision.reason, mode: decision.mode)
        let server = LabelText.of(decision.server)
        guard decision.method == CallFigures.callMethod else {
            let pair = CallFigures.place(server, LabelText.of(decision.method), among: &methods)
            others[pair, default: [:]][decided, default: 0] += 1
            return
        }
        let passes = decision.verdict == .allow || decision.mode == .shadow
        let pair =
            decision.unlisted && !passes
            ? Pair(server: server, name: LabelText.unlisted)
            : CallFigures.place(server, LabelText.of(decision.tool ?? ""), among: &tools)
        decisions[pair, default: [:]][decided, default: 0] += 1
        let name = decision.agent.map(LabelText.of) ?? LabelText.unresolved
        let agent = agentNames.admits(name) ? name : LabelText.other
        agents[agent, default: [:]][AgentDecision(verdict: decision.verdict, mode: decision.mode), default: 0] += 1
    }

    mutating func observe(_ outcome: Outcome) {
        guard outcome.method ?? CallFigures.callMethod == CallFigures.callMethod else { return }
        let server = LabelText.of(outcome.server ?? "")
        let tool = LabelText.of(outcome.tool ?? "")
        outcomes[CallFigures.place(server, tool, among: &tools), default: [:]][outcome.ending, default: 0] += 1
        if let duration = outcome.upstreamMicroseconds {
            upstream[
                CallFigures.place(server, tool, among: &timedTools),
                default: DurationHistogram(bounds: CallFigures.upstreamBounds)
            ].note(microseconds: Int64(duration))
        }
        if let duration = outcome.gatewayMicroseconds {
            added[server, default: DurationHistogram(bounds: CallFigures.addedBounds)]
                .note(microseconds: Int64(duration))
        }
    }

    mutating func observeBrake(server: String, tool: String) {
        let pair = CallFigures.place(LabelText.of(server), LabelText.of(tool), among: &tools)
        brakes[pair, default: 0] += 1
    }

    private static func place(_ server: String, _ name: String, among known: inout FirstComers<Pair>) -> Pair {
        let pair = Pair(server: server, name: name)
        return known.admits(pair) ? pair : Pair(server: server, name: LabelText.other)
    }
}
