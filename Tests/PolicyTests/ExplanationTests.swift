import Events
import Policy
import Testing

/// Every rule and limit is accounted for, and nothing is counted for it.
struct ExplanationTests {
    private let text = #"""
        {"version":"1","default":"deny","hide":["secret"],
         "all_tools":{"limits":[{"counter":"all","window":"minute","max":2,"scope":"grant"}]},
         "tools":{"t":{"require":[{"conditions":[{"path":"args.why","op":"exists","value":true}]}],
           "deny_if":[{"conditions":[{"path":"args.n","op":"gt","value":10},{"path":"args.c","op":"eq","value":"EUR"}]},
                      {"name":"off","conditions":[]}]}}}
        """#

    @Test func everyRuleIsExplainedAlsoBehindTheOneThatDecides() throws {
        let policy = try policy(text)
        let one = try call("t", #"{"n":"20","c":"EUR","why":null}"#)
        let explained = policy.explain(one, now: .start)
        #expect(explained.verdict.rule == "/tools/t/require/args.why-exists")
        #expect(
            explained.steps == [
                .init(
                    rule: "/tools/t/require/args.why-exists", outcome: .decides,
                    why: ["args.why exists true: does not hold"]),
                .init(
                    rule: "/tools/t/deny_if/args.n-gt,args.c-eq", outcome: .wouldDeny,
                    why: [
                        "args.n gt 10: cannot be compared (another type, or the key more than once)",
                        #"args.c eq "EUR": holds"#,
                    ]),
                .init(rule: "/tools/t/deny_if/off", outcome: .wouldDeny, why: ["no conditions"]),
                .init(
                    rule: "/all_tools/limits/all", outcome: .passes,
                    why: ["0 of 2 in the last minute, this call counts 1"]),
            ])
        #expect(!explained.steps.contains { $0.why.joined().contains("20") })
    }

    @Test func limitsAreReadAndNotCounted() throws {
        let policy = try policy(
            #"{"version":"1","default":"allow","all_tools":{"limits":[{"counter":"all","window":120,"max":1,"scope":"grant"}]}}"#
        )
        var counters = LimitCounters()
        let one = try call("t")
        #expect(policy.explain(one, counters: counters, now: .start).verdict.passes)
        #expect(policy.explain(one, counters: counters, now: .start).verdict.passes)
        _ = policy.decide(one, counters: &counters, now: .start)
        let explained = policy.explain(one, counters: counters, now: .after(1))
        #expect(explained.verdict.verdict == .throttle)
        #expect(
            explained.steps
                == [
                    .init(
                        rule: "/all_tools/limits/all", outcome: .decides,
                        why: ["1 of 1 in the last 2 minutes, this call counts 1"])
                ])
    }

    @Test func hiddenAndUnlistedToolsNeedOneStep() throws {
        let policy = try policy(text)
        for (tool, rule) in [("secret", "(hidden)"), ("other", "(default deny)")] {
            let explained = policy.explain(try call(tool), now: .start)
            #expect(explained.steps.map(\.rule) == [rule])
            #expect(explained.steps.map(\.outcome) == [.decides])
        }
    }

    /// The explanation and the decision are one and the same, whatever the policy and the call.
    @Test(arguments: seeds(20)) func theDecisiveStepIsTheVerdictsRule(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let policy = try policy(RandomPolicy.document(&random))
        var counters = LimitCounters()
        for step in 0..<60 {
            let tool = (RandomPolicy.tools + ["hidden", "other"]).randomElement(using: &random) ?? "t"
            let one = try call(tool, RandomPolicy.arguments(&random))
            let now = Timestamp.after(Double(step) / 4)
            let explained = policy.explain(one, counters: counters, now: now)
            let verdict = policy.decide(one, counters: &counters, now: now)
            try #require(explained.verdict == verdict, "seed \(seed), step \(step)")
            let decisive = explained.steps.filter { $0.outcome == .decides }
            if verdict.verdict == .allow {
                try #require(explained.steps.allSatisfy { $0.outcome == .passes }, "seed \(seed), step \(step)")
            } else {
                try #require(decisive.map(\.rule) == [verdict.rule], "seed \(seed), step \(step): \(verdict)")
            }
        }
    }

    @Test func whatAnArgumentSaysToCountIsNamedAndNotShown() throws {
        let policy = try policy(
            documentText(
                tool: #"""
                    {"limits":[{"counter":"c","window":"hour","max":50000,"scope":"grant","increment_from":"args.n"}]}
                    """#))
        let explanation = policy.explain(try call("t", #"{"n":31337}"#), now: .start)
        #expect(explanation.steps.map(\.why) == [["0 of 50000 in the last hour, this call counts args.n"]])
    }
}
