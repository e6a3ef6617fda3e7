import Events
import Warehouse

/// One line of a log: a record, or bytes that are none.
enum Line {
    case record(Record)
    case poison([UInt8])

    var bytes: [UInt8] {
        switch self {
        case .poison(let bytes): return bytes
        case .record(let record):
            var buffer = LineBuffer()
            buffer.append(record)
            return Array(buffer.bytes.dropLast())
        }
    }
}

/// A log with everything in it that a gateway may write, and some things that it may not.
struct RandomLog {
    var key: LogKey
    var lines: [Line] = []

    static let start: Int64 = 1_795_000_000_000_000  // 2026-11-18
    private static let tools: [(server: String, tool: String, risk: Risk?)] = [
        ("ecs", "build_and_push_image_to_ecr", .execute), ("ecs", "list_resources", .read),
        ("ecs", "delete_service", .destructive), ("time", "get_current_time", .read), ("files", "write_file", .write),
        // The same tool under another class, and one without.
        ("files", "write_file", .execute), ("pay", "create_charge", .financial), ("pay", "lookup", nil),
    ]

    private var generator: SeededGenerator
    private var now: Int64
    private var open: [(seq: UInt64, due: Int)] = []
    private var held: [(seq: UInt64, decision: Decision)] = []

    init(number: Int, seed: UInt64, lines count: Int) {
        key = LogKey(origin: "host/log\(number)/0123456789abcdef", epoch: 1, name: "log\(number)", kind: "gateway")
        generator = SeededGenerator(seed: seed &* 31 &+ UInt64(number))
        now = RandomLog.start + Int64.random(in: 0..<86_400_000_000, using: &generator)
        while lines.count < count { step() }
    }

    private var seq: UInt64 { UInt64(lines.count) }

    private mutating func step() {
        switch Int.random(in: 0..<100, using: &generator) {
        case 0..<4: now += Int64.random(in: 0..<40_000_000_000, using: &generator)
        case 4..<40: now += Int64.random(in: 0..<90_000_000, using: &generator)
        case 40..<41: now -= 7_000_000  // the clock stepped back: a new segment
        default: now += Int64.random(in: 0..<900_000, using: &generator)
        }
        if let index = open.firstIndex(where: { $0.due <= lines.count }) {
            let outcome = outcome(of: open.remove(at: index).seq)
            append(.outcome(outcome))
            // Once in a while a second one, which has no place.
            if generator.oneIn(40) { append(.outcome(outcome)) }
            return
        }
        switch Int.random(in: 0..<100, using: &generator) {
        case 0..<2: lines.append(.poison(Array("{\"v\":1,\"seq\":\(seq),\"ts\":\"2026".utf8)))
        case 2: lines.append(.poison([0, 0xFF, 0xC3, 0x28] + [UInt8](repeating: 0x41, count: 400)))
        case 3: append(.outcome(outcome(of: seq + 1000)))
        case 4..<8: append(.control(control()))
        case 8..<12 where !held.isEmpty: endHold()
        case 12..<25: append(.decision(request()))
        default: append(.decision(call()))
        }
    }

    private mutating func append(_ body: Record.Body) {
        if case .decision(let decision) = body {
            if decision.verdict == .hold { held.append((seq, decision)) }
            let isForwarded = decision.verdict == .allow || (decision.mode == .shadow && decision.verdict != .hold)
            if isForwarded, !generator.oneIn(12) {
                open.append((seq, lines.count + (generator.oneIn(5) ? 60 : Int.random(in: 1..<8, using: &generator))))
            }
        }
        lines.append(.record(Record(seq: seq, timestamp: Timestamp(microseconds: now), body: body)))
    }

    private mutating func endHold() {
        let (seq, decision) = held.remove(at: Int.random(in: held.indices, using: &generator))
        var end = decision
        end.of = seq
        end.verdict = generator.oneIn(3) ? .deny : .allow
        end.reason = end.verdict == .allow ? .approved : generator.oneIn(2) ? .approvalDenied : .approvalExpired
        append(.decision(end))
    }

    private mutating func actor(_ decision: inout Decision) {
        if generator.oneIn(12) {
            decision.identity = .unresolved
            return
        }
        let number = Int.random(in: 0..<5, using: &generator)
        decision.agent = "agent-\(number)"
        // Agent 0 uses two grants.
        decision.grant = number == 0 && generator.oneIn(2) ? "g0b" : "g\(number)"
        decision.session = generator.oneIn(3) ? nil : "s\(Int.random(in: 0..<9, using: &generator))"
        decision.client = generator.oneIn(4) ? nil : "cli/\(number % 2)"
    }

    private mutating func request() -> Decision {
        let method = generator.pick(["tools/list", "initialize", "ping", "-"])
        let isRefused = method == "-" || generator.oneIn(6)
        var decision = Decision(
            gateway: "gw", identity: .grant, server: generator.pick(["ecs", "time"]), transport: .http, method: method,
            verdict: isRefused ? .deny : .allow, mode: .enforce, reason: isRefused ? .malformed : .allowed)
        actor(&decision)
        decision.decideMicroseconds = 7
        if isRefused, generator.oneIn(3) {
            decision.coalesced = Int.random(in: 1..<50, using: &generator)
            if generator.oneIn(2) { decision.method = "tools/call" }
        }
        return decision
    }

    private mutating func call() -> Decision {
        let tool = generator.pick(RandomLog.tools)
        var decision = Decision(
            gateway: "gw", identity: .grant, server: tool.server, transport: .stdio, method: "tools/call",
            verdict: .allow, mode: generator.oneIn(8) ? .shadow : .enforce, reason: .allowed)
        actor(&decision)
        decision.tool = tool.tool
        decision.risk = tool.risk
        if generator.oneIn(15) {
            // Also by a name that was listed at another time.
            if !generator.oneIn(3) { decision.tool = "invented-\(Int.random(in: 0..<1000, using: &generator))" }
            decision.unlisted = true
        }
        decision.argumentDigest = generator.oneIn(10) ? nil : Digest64(generator.oneIn(2) ? .max : UInt64(seq % 3))
        decision.argumentBytes = Int.random(in: 0..<5000, using: &generator)
        decision.decideMicroseconds = generator.oneIn(9) ? nil : Int.random(in: 0..<300, using: &generator)
        decision.policy = "builders"
        decision.policyDigest = Digest64(generator.oneIn(2) ? 1 : 2)
        if generator.oneIn(2) {
            decision.limit = LimitReading(
                counter: "rate", windowSeconds: 60, maximum: 10, used: Int.random(in: 1...10, using: &generator))
        }
        switch Int.random(in: 0..<10, using: &generator) {
        case 0:
            decision.verdict = .deny
            decision.reason = .denyIf
            decision.rule = "/tools/\(tool.tool)/deny_if/always"
            decision.message = "No \"never\"."
        case 1, 2:
            decision.verdict = .throttle
            decision.reason = .limit
            decision.rule = "/tools/\(tool.tool)/limits/rate"
            decision.limit = LimitReading(counter: "rate", windowSeconds: 60, maximum: 10, used: 10)
            decision.retryAfterMilliseconds = generator.oneIn(5) ? nil : Int.random(in: 1..<60_000, using: &generator)
        case 3:
            decision.verdict = .hold
            decision.reason = .approval
        default: break
        }
        return decision
    }

    private mutating func outcome(of seq: UInt64) -> Outcome {
        var outcome = Outcome(of: seq, ending: generator.oneIn(3) ? generator.pick(Ending.allCases) : .ok)
        outcome.upstreamMicroseconds = generator.oneIn(8) ? nil : Int.random(in: 0..<3_000_000, using: &generator)
        outcome.waitMicroseconds = generator.oneIn(3) ? Int.random(in: 0..<900, using: &generator) : nil
        outcome.code = outcome.ending == .rpcError ? -32_000 : nil
        outcome.resultDigest = generator.oneIn(4) ? nil : Digest64(UInt64(seq % 4) << 62)
        outcome.resultBytes = Int.random(in: 0..<100_000, using: &generator)
        return outcome
    }

    private mutating func control() -> Control {
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: return Control(.logOpen).with(.durability, "strict").with(.version, "0.1.0")
        case 1: return Control(.gap).with(.from, 3).with(.to, 7).with(.n, 5).with(.reason, "bounded")
        case 2: return Control(.refused).with(.peer, "10.0.0.0/24").with(.n, 12).with(.reason, "malformed")
        case 3: return Control(.policyLoaded).with(.policy, "builders \"v2\"\n").with(.policyDigest, "00ff")
        case 4: return Control(.alert).with(.rule, "loop")  // no id: has no place
        default:
            return Control(.alert).with(.id, "a\(Int.random(in: 0..<4, using: &generator))").with(.rule, "loop")
                .with(.severity, "page").with(.state, generator.pick(["firing", "resolved"]))
                .with(.agent, "agent-1").with(.tool, "list_resources").with(.attempts, Int64(seq))
                .with(.start, Timestamp(microseconds: now - 1000).description).with(.summary, "again and again")
        }
    }
}
