import Events
import Foundation
import Warehouse

/// Four weeks of a small fleet, the same every time: eight agents at work, two of which run away in the last week.
///
/// `ci-builder` builds the same image over and over on Tuesday 17 November; its limit lets ten calls a minute through, and
/// the live watch pages. `docs-crawler` fetches one page 412 times in the night to Thursday; nothing limits it and nobody
/// is told.
struct SampleFleet {
    struct Tool {
        let server: String
        let name: String
        let risk: Risk
        let milliseconds: Int
    }

    struct Agent {
        let name: String
        let tools: [String]
        let sessionsPerDay: Double
        let callsPerSession: Int
        var atNight = false
        var firstWeek = 0
    }

    static let monday = moment("2026-10-26T00:00:00Z")
    static let weeks = 4

    static let tools: [Tool] = [
        Tool(server: "ecs", name: "build_and_push_image_to_ecr", risk: .execute, milliseconds: 95_000),
        Tool(server: "ecs", name: "create_ecs_infrastructure", risk: .execute, milliseconds: 41_000),
        Tool(server: "ecs", name: "get_deployment_status", risk: .read, milliseconds: 420),
        Tool(server: "ecs", name: "delete_ecs_infrastructure", risk: .destructive, milliseconds: 30_000),
        Tool(server: "git", name: "git_log", risk: .read, milliseconds: 35),
        Tool(server: "git", name: "git_commit", risk: .write, milliseconds: 80),
        Tool(server: "fetch", name: "fetch", risk: .read, milliseconds: 640),
        Tool(server: "support", name: "search_tickets", risk: .read, milliseconds: 210),
        Tool(server: "support", name: "issue_refund", risk: .financial, milliseconds: 900),
        Tool(server: "sqlite", name: "read_query", risk: .read, milliseconds: 12),
        Tool(server: "sqlite", name: "write_query", risk: .write, milliseconds: 18),
    ]

    static let agents: [Agent] = [
        Agent(
            name: "ci-builder", tools: ["build_and_push_image_to_ecr", "get_deployment_status", "git_log"],
            sessionsPerDay: 5,
            callsPerSession: 9),
        Agent(
            name: "release-captain",
            tools: ["create_ecs_infrastructure", "get_deployment_status", "delete_ecs_infrastructure"],
            sessionsPerDay: 2, callsPerSession: 8),
        Agent(
            name: "support-triage", tools: ["search_tickets", "issue_refund"], sessionsPerDay: 9, callsPerSession: 7),
        Agent(
            name: "docs-crawler", tools: ["fetch", "git_log"], sessionsPerDay: 4, callsPerSession: 12, atNight: true),
        Agent(name: "code-reviewer", tools: ["git_log", "git_commit", "fetch"], sessionsPerDay: 6, callsPerSession: 6),
        Agent(name: "analyst", tools: ["read_query", "write_query"], sessionsPerDay: 3, callsPerSession: 15),
        Agent(
            name: "night-reporter", tools: ["read_query", "fetch"], sessionsPerDay: 2, callsPerSession: 10,
            atNight: true),
        Agent(
            name: "onboarding-helper", tools: ["search_tickets", "fetch"], sessionsPerDay: 3, callsPerSession: 5,
            firstWeek: 3),
    ]

    private struct Event {
        var at: Timestamp
        var order: Int
        var body: Record.Body
        /// For outcomes: which event they end.
        var ends: Int?
    }

    private var random: SplitMix
    private var events: [Event] = []
    private var policyIsShadowFor: Set<String> = ["analyst"]

    static func moment(_ text: String) -> Timestamp {
        Timestamp(text: text) ?? Timestamp(microseconds: 0)
    }

    /// The gateway's records, in order and numbered.
    static func records(seed: UInt64 = 1) -> [Record] {
        var fleet = SampleFleet(random: SplitMix(seed: seed))
        fleet.control(
            monday, Control(.logOpen).with(.origin, "gw-1").with(.durability, "strict").with(.version, "0.1.0"))
        fleet.control(monday.advanced(by: 1_000), Control(.policyLoaded).with(.policy, "builders"))
        for day in 0..<weeks * 7 { fleet.work(day) }
        fleet.buildRunaway()
        fleet.crawlRunaway()
        fleet.refusals()
        return fleet.numbered()
    }

    /// The live watch's records: the page about the builds, and its end.
    static func watchRecords() -> [Record] {
        let alert = Control(.alert).with(.id, "a3f09c2e51b7d604").with(.rule, "loop").with(.severity, "page")
            .with(.agent, "ci-builder").with(.server, "ecs").with(.tool, "build_and_push_image_to_ecr")
            .with(.start, "2026-11-17T14:02:11.000000Z").with(
                .summary, "12 calls in 9 s; began 14:02:11; same arguments 12 times")
        let rows: [(String, Control)] = [
            ("2026-11-17T14:02:24.100000Z", alert.with(.state, "firing")),
            ("2026-11-17T14:09:40Z", alert.with(.state, "acknowledged").with(.by, "maria")),
            (
                "2026-11-17T14:20:31Z",
                alert.with(.state, "resolved").with(.end, "2026-11-17T14:10:31.000000Z").with(.attempts, 221).with(
                    .denied, 131
                )
                .with(.same, 221)
            ),
        ]
        return rows.enumerated().map { Record(seq: UInt64($0), timestamp: moment($1.0), body: .control($1.1)) }
    }

    /// A store of both logs, in a new file.
    static func store(seed: UInt64 = 1) throws -> (store: WarehouseStore, file: TemporaryFile) {
        let file = TemporaryFile()
        let store = try WarehouseStore(creating: file.path)
        let loader = try store.loader()
        try loader.load(
            records: records(seed: seed), of: LogKey(origin: "gw-1", epoch: 1, name: "gw-1", kind: "gateway"))
        try loader.load(records: watchRecords(), of: LogKey(origin: "watch", epoch: 1, name: "watch", kind: "watch"))
        return (store, file)
    }

    // MARK: - Everyday work

    private mutating func work(_ day: Int) {
        let midnight = SampleFleet.monday.advanced(by: Int64(day) * 86_400_000_000)
        for agent in SampleFleet.agents where day / 7 >= agent.firstWeek {
            let weekend = day % 7 >= 5
            let sessions = agent.sessionsPerDay * (weekend ? 0.15 : 0.85 + 0.3 * unit())
            for _ in 0..<Int(sessions + unit()) {
                let hour = agent.atNight ? 1 + 4 * unit() : 7.5 + 5 * (unit() + unit())
                session(agent, midnight.advanced(by: Int64(hour * 3_600e6)))
            }
        }
    }

    private mutating func session(_ agent: Agent, _ start: Timestamp) {
        var at = start
        for _ in 0..<1 + Int(unit() * 2 * Double(agent.callsPerSession)) {
            let pick = min(Int(unit() * unit() * Double(agent.tools.count)), agent.tools.count - 1)
            guard let tool = SampleFleet.tools.first(where: { $0.name == agent.tools[pick] }) else { continue }
            call(agent.name, tool, at, arguments: random.next())
            at = at.advanced(by: 1_500_000 + Int64(unit() * unit() * 90e6))
        }
    }

    // MARK: - The week's events

    private mutating func buildRunaway() {
        var at = SampleFleet.moment("2026-11-17T14:02:11Z")
        var window: [Timestamp] = []
        for _ in 0..<221 {
            window.removeAll { at.since($0) >= 60_000_000 }
            let isOver = window.count >= 10
            if !isOver { window.append(at) }
            var decision = decision("ci-builder", SampleFleet.tools[0], arguments: 0xB01D)
            decision.limit = LimitReading(counter: "build_rate", windowSeconds: 60, maximum: 10, used: window.count)
            if isOver {
                decision.verdict = .throttle
                decision.reason = .limit
                decision.rule = "/tools/build_and_push_image_to_ecr/limits/build_rate"
                decision.retryAfterMilliseconds = Int(60_000 - at.since(window[0]) / 1_000)
            }
            append(decision, at, milliseconds: isOver ? nil : 2_300, ending: .toolError, result: 7)
            at = at.advanced(by: 1_200_000 + Int64(unit() * 2_200_000))
        }
    }

    private mutating func crawlRunaway() {
        var at = SampleFleet.moment("2026-11-19T03:10:40Z")
        for _ in 0..<412 {
            append(decision("docs-crawler", SampleFleet.tools[6], arguments: 0xF37C), at, milliseconds: 480, result: 99)
            at = at.advanced(by: 900_000 + Int64(unit() * 2_000_000))
        }
    }

    private mutating func refusals() {
        for second in 0..<9 {
            var decision = Decision(
                gateway: "gw-1", identity: .unresolved, server: "ecs", transport: .http, method: "initialize",
                verdict: .deny,
                mode: .enforce, reason: .identityUnresolved)
            decision.peer = "10.0.0.9"
            append(
                decision, SampleFleet.moment("2026-11-18T09:00:00Z").advanced(by: Int64(second) * 7_000_000),
                milliseconds: nil)
        }
    }

    // MARK: - One call

    private mutating func call(_ agent: String, _ tool: Tool, _ at: Timestamp, arguments: UInt64) {
        var decision = decision(agent, tool, arguments: arguments)
        var took: Int? = tool.milliseconds * (50 + Int(unit() * 100)) / 100
        switch tool.name {
        case "build_and_push_image_to_ecr":
            let used = 1 + Int(unit() * unit() * 9.4)
            decision.limit = LimitReading(counter: "build_rate", windowSeconds: 60, maximum: 10, used: used)
        case "delete_ecs_infrastructure":
            stop(&decision, .deny, .defaultDeny, "default")
            took = nil
        case "issue_refund" where unit() < 0.06:
            stop(&decision, .deny, .require, "/tools/issue_refund/require/0")
            took = nil
        case "write_query" where policyIsShadowFor.contains(agent) && unit() < 0.2:
            stop(&decision, .deny, .denyIf, "/tools/write_query/deny_if/0")
            decision.mode = .shadow
        default: break
        }
        append(decision, at, milliseconds: took, ending: unit() < 0.015 ? .toolError : .ok, result: random.next())
    }

    private func stop(_ decision: inout Decision, _ verdict: Verdict, _ reason: Reason, _ rule: String) {
        decision.verdict = verdict
        decision.reason = reason
        decision.rule = rule
    }

    private func decision(_ agent: String, _ tool: Tool, arguments: UInt64) -> Decision {
        var decision = Decision(
            gateway: "gw-1", identity: .grant, server: tool.server, transport: .stdio, method: "tools/call",
            verdict: .allow,
            mode: .enforce, reason: .allowed)
        decision.agent = agent
        decision.grant = agent
        decision.tool = tool.name
        decision.risk = tool.risk
        decision.argumentDigest = Digest64(arguments)
        decision.argumentBytes = 120
        decision.policy = "builders"
        decision.decideMicroseconds = 21
        return decision
    }

    private mutating func append(
        _ decision: Decision, _ at: Timestamp, milliseconds: Int?, ending: Ending = .ok, result: UInt64 = 0
    ) {
        let index = events.count
        events.append(Event(at: at, order: index, body: .decision(decision), ends: nil))
        guard let milliseconds else { return }
        var outcome = Outcome(of: 0, ending: ending)
        outcome.agent = decision.agent
        outcome.server = decision.server
        outcome.tool = decision.tool
        outcome.method = decision.method
        outcome.upstreamMicroseconds = milliseconds * 1_000
        outcome.resultDigest = Digest64(result)
        let end = at.advanced(by: Int64(milliseconds) * 1_000)
        events.append(Event(at: end, order: index + 1, body: .outcome(outcome), ends: index))
    }

    private mutating func control(_ at: Timestamp, _ control: Control) {
        events.append(Event(at: at, order: events.count, body: .control(control), ends: nil))
    }

    private func numbered() -> [Record] {
        let end = SampleFleet.monday.advanced(by: Int64(SampleFleet.weeks) * 7 * 86_400_000_000 + 3_600_000_000)
        let heartbeat = Event(at: end, order: .max, body: .control(Control(.heartbeat)), ends: nil)
        let kept = events.enumerated().filter { $0.element.at < end }
        let sorted = kept.sorted { ($0.element.at, $0.element.order) < ($1.element.at, $1.element.order) }
        let seqs = Dictionary(uniqueKeysWithValues: sorted.enumerated().map { ($1.offset, UInt64($0)) })
        let records = sorted.enumerated().map { seq, event in
            var body = event.element.body
            if case .outcome(var outcome) = body, let ends = event.element.ends, let of = seqs[ends] {
                outcome.of = of
                body = .outcome(outcome)
            }
            return Record(seq: UInt64(seq), timestamp: event.element.at, body: body)
        }
        return records + [Record(seq: UInt64(records.count), timestamp: heartbeat.at, body: heartbeat.body)]
    }

    private mutating func unit() -> Double {
        Double(random.next() >> 11) / 9_007_199_254_740_992
    }
}

/// SplitMix64: the same numbers everywhere.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// A database's path that is gone with its last reference.
final class TemporaryFile: Sendable {
    let path: String

    init() {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("reports-\(UUID().uuidString).sqlite").path
    }

    deinit {
        for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
    }
}
