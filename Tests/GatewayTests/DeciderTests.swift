import AuditLog
import Events
import Foundation
import Policy
import StrictJSON
import Testing

@testable import Gateway

/// Limits under a thousand calls at once: the log's order is the order in which they were charged.
struct DeciderTests {
    /// SplitMix64, so that a seed says which calls are made.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }

    private struct Limit {
        let scope: String
        let maximum: Int
        let takesCost: Bool
        let isFixed: Bool
        let window: Int

        var json: String {
            let what = takesCost ? #","increment_from":"args.n""# : ""
            return #"{"counter":"\#(scope)\#(takesCost)","window":\#(window),"max":\#(maximum),"scope":"\#(scope)","#
                + #""algorithm":"\#(isFixed ? "fixed" : "sliding")"\#(what)}"#
        }

        func key(_ decision: Decision) -> String { scope == "grant" ? decision.grant ?? "" : "all" }
    }

    /// Replays the records and counts anew for each, from all that was let through before.
    private static func disagreements(_ decisions: [(at: Int64, decision: Decision)], _ limits: [Limit]) -> [Int] {
        var passed: [(at: Int64, decision: Decision, cost: Int)] = []
        return decisions.indices.filter { index in
            let (now, decision) = decisions[index]
            let cost = decision.argumentBytes ?? 0
            let fits = limits.allSatisfy { limit in
                let window = Int64(limit.window) * 1_000_000
                let used = passed.filter { one in
                    limit.key(one.decision) == limit.key(decision)
                        && (limit.isFixed ? one.at / window == now / window : now - one.at < window)
                }.reduce(0) { $0 + (limit.takesCost ? $1.cost : 1) }
                return used + (limit.takesCost ? cost : 1) <= limit.maximum
            }
            if decision.verdict == .allow { passed.append((now, decision, cost)) }
            return fits != (decision.verdict == .allow)
        }
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>) func ofAThousandCallsAtOnceExactlyAsManyPassAsTheLimitsSay(
        _ seed: UInt64
    ) throws {
        var random = Generator(state: seed)
        let limits = ["grant", "global"].flatMap { scope in
            [false, true].map { takesCost in
                Limit(
                    scope: scope, maximum: Int.random(in: 3...32, using: &random), takesCost: takesCost,
                    isFixed: Bool.random(using: &random), window: [1, 3600].randomElement(using: &random) ?? 1)
            }
        }
        let text =
            #"{"version":"1","default":"deny","tools":{"t":{"limits":[\#(limits.map(\.json).joined(separator: ","))]}}}"#
        let policy = PolicyLoader.compile(try PolicyDocument(parsing: Array(text.utf8)), name: "p")
        let folder = NSTemporaryDirectory() + "/" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var options = LogOptions()
        options.writesOwnRecords = false
        options.durability = .none
        let log = try LogWriter.open(LogDirectory(path: folder), options: options)
        let calls = (0..<1000).map { _ in
            (grant: Int.random(in: 0..<3, using: &random), n: Int.random(in: 0...4, using: &random))
        }
        let decider = Decider()
        let (ready, start, ended) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0), DispatchGroup())
        for thread in 0..<50 {
            ended.enter()
            Thread.detachNewThread {
                defer { ended.leave() }
                ready.signal()
                start.wait()
                for call in calls[thread * 20..<(thread + 1) * 20] {
                    Self.make(call.grant, call.n, decider, policy, log)
                }
            }
        }
        for _ in 0..<50 { ready.wait() }
        for _ in 0..<50 { start.signal() }
        ended.wait()
        try log.close()

        var decisions: [(at: Int64, decision: Decision)] = []
        let reader = try LogReader(LogDirectory(path: folder))
        while let block = try reader.nextBlock() {
            block.forEachLine { _, line in
                guard let record = try? Record(utf8: line), case .decision(let decision) = record.body else { return }
                decisions.append((record.timestamp.microseconds, decision))
            }
        }
        #expect(decisions.count == 1000)
        #expect(
            decisions.contains { $0.decision.verdict == .allow } && decisions.contains { $0.decision.verdict != .allow }
        )
        #expect(Self.disagreements(decisions, limits) == [], "seed \(seed)")
    }

    /// What counts is in the record as the arguments' bytes, for the model alone.
    private static func make(_ grant: Int, _ n: Int, _ decider: Decider, _ policy: CompiledPolicy, _ log: LogWriter) {
        guard let tree = try? JSONTree(parsing: Array(#"{"n":\#(n)}"#.utf8)) else { return }
        var decision = Decision(
            gateway: "g", identity: .grant, server: "s", transport: .http, method: "tools/call", verdict: .deny,
            mode: .enforce, reason: .internal)
        (decision.grant, decision.tool, decision.argumentBytes) = ("g\(grant)", "t", n)
        let caller = Caller(agent: "a", grant: "g\(grant)", session: nil, server: "s")
        let call = Call(tool: "t", arguments: tree.root, in: tree, caller: caller)
        _ = decider.settle(&decision, call, under: policy, in: log, SystemLogClock())
    }
}
