import Events
import Foundation
import Policy
import StrictJSON

/// What a decision costs by itself: the policy's part of a call, from the parsed message to the verdict.
///
/// Each decision is timed by itself, less what reading the clock takes; of five rounds the one with the least median counts.
enum DecisionFigures {
    private static let rounds = 5
    private static let count = 100_000

    static func print(_ report: (String, Double, String) -> Void) throws {
        try page(report)
        try fiftyRules(report)
        for tools in [10, 1000, 100_000] { try manyTools(tools, report) }
        try hostilePatterns(report)
    }

    // MARK: The policies

    private static func page(_ report: (String, Double, String) -> Void) throws {
        let policy = try compiled(pagePolicy)
        let tree = try JSONTree(parsing: Array(callText.utf8))
        let arguments = tree.member(tree.root, "params").flatMap { tree.member($0, "arguments") }
        let call = Call(tool: "build_and_push_image_to_ecr", arguments: arguments, in: tree, caller: caller)
        // Seven seconds apart all are allowed; at one instant ten are, and the rest is throttled.
        let allowed = time(policy, call, stepMicroseconds: 7_000_000)
        let throttled = time(policy, call, stepMicroseconds: 0)
        report("one decision by the page's policy, p50", allowed.p50, "ns")
        report("  p99", allowed.p99, "ns")
        report("  throttled, p50", throttled.p50, "ns")
        report("  decisions a second, one core", perSecond(policy, call, stepMicroseconds: 7_000_000), "/s")
    }

    private static func fiftyRules(_ report: (String, Double, String) -> Void) throws {
        let policy = try compiled(fiftyRulesPolicy)
        let tree = try JSONTree(parsing: Array(twoKibibytes.utf8))
        let call = Call(tool: "t", arguments: tree.root, in: tree, caller: caller)
        var counters = LimitCounters()
        let verdict = policy.decide(call, counters: &counters, now: Timestamp(microseconds: start))
        // All rules are looked at, and none is met.
        guard verdict.passes, verdict.facts?.count == 50 else { throw Unusable(what: "the 50 rules: \(verdict)") }
        let figures = time(policy, call, stepMicroseconds: 7_000_000)
        report(
            "one decision by 50 rules of all operators on \(twoKibibytes.utf8.count) B of arguments, p50", figures.p50,
            "ns")
        report("  p99", figures.p99, "ns")
    }

    private static func manyTools(_ tools: Int, _ report: (String, Double, String) -> Void) throws {
        let names = (0..<tools).map { "tool_number_\($0)" }
        let policy = try compiled(
            #"{"version":"1","default":"deny","all_tools":{"limits":[{"counter":"calls","window":"minute","max":60,"#
                + #""scope":"grant"}]},"tools":{"# + names.map { "\"\($0)\":{}" }.joined(separator: ",") + "}}")
        let tree = try JSONTree(parsing: Array(callText.utf8))
        let arguments = tree.member(tree.root, "params").flatMap { tree.member($0, "arguments") }
        let call = Call(tool: names[1], arguments: arguments, in: tree, caller: caller)
        let one = time(policy, call, stepMicroseconds: 7_000_000)
        // The name has just been read from a message, as in a gateway: made anew before each call.
        let all = time(policy, call, stepMicroseconds: 7_000_000) { names[$0 &* 7919 % tools] }
        report("one decision among \(tools) tools, the same tool again, p50", one.p50, "ns")
        report("  each call another tool, p50", all.p50, "ns")
    }

    private static func hostilePatterns(_ report: (String, Double, String) -> Void) throws {
        let patterns = [
            ("^(a+)+$", "aa-"), ("(a|aa)+$", "ab"), ("(.*)*x", "ab"), ("(a?){50}a{50}b", "ac"), ("(.*a){20}b", "ac"),
            ("[ab]*a[ab]{100}c", "ab"), ("(.*?,){40}P", "a,"), ("(a{0,30}){4}b", "ac"), ("([^x]*x){30}y", "xa"),
            ("x*x*x*x*x*x*x*x*x*x*y", "xz"), (#"(?:\w+\s?)*:$"#, "ab "), (#"(\ba+)+\bb"#, "a "),
        ]
        var slowest = 0.0
        for (pattern, unit) in patterns {
            let regex = try LinearRegex(pattern)
            let text = String(repeating: unit, count: (1 << 20) / unit.utf8.count) + "!"
            var best = Double.infinity
            for _ in 0..<3 {
                let before = nanoseconds(CLOCK_THREAD_CPUTIME_ID)
                guard !regex.matches(text) else { throw Unusable(what: pattern) }
                best = min(best, Double(nanoseconds(CLOCK_THREAD_CPUTIME_ID) - before))
            }
            slowest = max(slowest, best)
        }
        report("the slowest of \(patterns.count) hostile patterns on 1 MiB", slowest / 1e6, "ms")
    }

    // MARK: Timing

    private struct Unusable: Error {
        let what: String
    }

    private static let start: Int64 = 1_795_368_960_000_000
    private static let caller = Caller(agent: "ci-builder", grant: "ci", session: nil, server: "ecs")

    private static func compiled(_ text: String) throws -> CompiledPolicy {
        CompiledPolicy(try PolicyDocument(parsing: Array(text.utf8)), name: "bench", digest: Digest64(1))
    }

    private static func nanoseconds(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    private static func time(
        _ policy: CompiledPolicy, _ call: Call, stepMicroseconds: Int64, tool: ((Int) -> String)? = nil
    ) -> (p50: Double, p99: Double) {
        let clock = empty()
        var best = (p50: Double.infinity, p99: Double.infinity)
        var times = [UInt64](repeating: 0, count: count)
        for _ in 0..<rounds {
            var counters = LimitCounters()
            var now = start
            var call = call
            for index in 0..<count {
                if let tool { call.tool = String(decoding: Array(tool(index).utf8), as: UTF8.self) }
                now += stepMicroseconds
                let before = nanoseconds(CLOCK_MONOTONIC)
                let verdict = policy.decide(call, counters: &counters, now: Timestamp(microseconds: now))
                times[index] = nanoseconds(CLOCK_MONOTONIC) - before
                keep(verdict)
            }
            times.sort()
            let p50 = Double(times[count / 2]) - clock
            if p50 < best.p50 { best = (p50, Double(times[count / 100 * 99]) - clock) }
        }
        return best
    }

    /// What two readings of the clock take, the median.
    private static func empty() -> Double {
        var times = (0..<10_000).map { _ in
            let before = nanoseconds(CLOCK_MONOTONIC)
            return nanoseconds(CLOCK_MONOTONIC) - before
        }
        times.sort()
        return Double(times[times.count / 2])
    }

    /// Decisions for a second of one thread's CPU time, without timing each.
    private static func perSecond(_ policy: CompiledPolicy, _ call: Call, stepMicroseconds: Int64) -> Double {
        var best = 0.0
        for _ in 0..<rounds {
            var counters = LimitCounters()
            var now = start
            let before = nanoseconds(CLOCK_THREAD_CPUTIME_ID)
            for _ in 0..<count {
                now += stepMicroseconds
                keep(policy.decide(call, counters: &counters, now: Timestamp(microseconds: now)))
            }
            best = max(best, Double(count) / Double(nanoseconds(CLOCK_THREAD_CPUTIME_ID) - before) * 1e9)
        }
        return best
    }

    @inline(never)
    private static func keep(_ verdict: PolicyVerdict) {}

    // MARK: Fifty rules

    /// Fifty `deny_if` rules, one condition each, through all operators; none is met by ``twoKibibytes``.
    private static let fiftyRulesPolicy: String = {
        let conditions = [
            #""op":"eq","value":"nothing of the kind""#,
            #""op":"neq","value":"value of the argument, forty bytes long.""#,
            #""op":"lt","value":0"#, #""op":"lte","value":-1.5"#, #""op":"gt","value":1000000"#,
            #""op":"gte","value":1e9"#, #""op":"in","value":["a","b","c","d"]"#,
            #""op":"not_in","value":["x","value of the argument, forty bytes long."]"#, #""op":"exists","value":false"#,
            #""op":"regex","value":"^(drop|delete)\\s+table""#, #""op":"contains","value":"no such part""#,
        ]
        let rules = (0..<50).map { number in
            let path = number % 3 == 0 ? "args.nested.n\(number)" : "args.a\(number)"
            return #"{"name":"r\#(number)","conditions":[{"path":"\#(path)",\#(conditions[number % 11])}]}"#
        }
        return #"{"version":"1","default":"deny","tools":{"t":{"deny_if":[\#(rules.joined(separator: ","))],"#
            + #""limits":[{"counter":"c","window":"minute","max":10,"scope":"grant"}]}}}"#
    }()

    /// The arguments that those rules look at, and a text that none does, 2 KiB together.
    private static let twoKibibytes: String = {
        var plain: [String] = []
        var nested: [String] = []
        for number in 0..<50 {
            let isNumber = (2...5).contains(number % 11)
            let value = isNumber ? "\(number * 17)" : "\"value of the argument, forty bytes long.\""
            if number % 3 == 0 {
                nested.append("\"n\(number)\":\(value)")
            } else {
                plain.append("\"a\(number)\":\(value)")
            }
        }
        let body = plain.joined(separator: ",") + ",\"nested\":{" + nested.joined(separator: ",") + "}"
        let room = max(0, 2048 - body.utf8.count - 12)
        return "{\"text\":\"" + String(repeating: "x", count: room) + "\"," + body + "}"
    }()
}
