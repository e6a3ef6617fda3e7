import Events
import Policy
import Testing

/// A replay decides from the log alone what the gateway decided from the arguments.
struct RedecideTests {
    private static let callers = [
        Caller(agent: "a", grant: "g1", session: "s1", server: "x"),
        Caller(agent: "a", grant: "g1", session: nil, server: "x"),
        Caller(agent: "b", grant: nil, session: nil, server: "y"),
        Caller(agent: nil, grant: nil, session: nil, server: "y"),
    ]

    /// Random policies, random calls, through the record and back: N of N.
    @Test(arguments: seeds(40)) func everyVerdictRecomputesFromItsRecord(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let policy = try policy(RandomPolicy.document(&random))
        var live = LimitCounters()
        var replayed = LimitCounters()
        var restored = LimitCounters()
        var now = Timestamp.start
        for step in 0..<150 {
            now = now.advanced(by: [0, 1, 200_000, 3_000_000].randomElement(using: &random) ?? 0)
            let caller = Self.callers.randomElement(using: &random) ?? .ci
            let tool = (RandomPolicy.tools + ["hidden", "other"]).randomElement(using: &random) ?? "t"
            var one = try call(tool, RandomPolicy.arguments(&random), caller: caller)
            one.approval = [.unasked, .full, .approved(by: "ann")].randomElement(using: &random) ?? .unasked
            let verdict = policy.decide(one, counters: &live, now: now)
            var decision = Decision(
                gateway: "g", identity: .grant, server: caller.server, transport: .http, method: "tools/call",
                verdict: .deny, mode: .enforce, reason: .internal)
            decision.agent = caller.agent
            decision.grant = caller.grant
            decision.session = caller.session
            decision.tool = tool
            if case .approved = one.approval { decision.of = 1 }
            verdict.write(to: &decision)
            let recorded = try #require(RecordedCall(decision, at: now))
            var again = try #require(
                policy.redecide(recorded, counters: &replayed), "seed \(seed), step \(step): \(verdict)")
            again.recordedArguments = verdict.recordedArguments
            try #require(again == verdict, "seed \(seed), step \(step)")

            if let reservation = Reservation(decision, at: now) { restored.restore(reservation, under: policy) }
            var checked = restored
            let next = policy.decide(one, counters: &checked, now: now)
            var liveNext = live
            try #require(next == policy.decide(one, counters: &liveNext, now: now), "seed \(seed), step \(step)")
        }
    }

    /// What the random policies and calls of these tests lead to is not always the same.
    @Test func randomCallsComeToAllKindsOfVerdicts() throws {
        var reasons: Set<Reason> = []
        for seed in 1...20 as ClosedRange<UInt64> {
            var random = SeededGenerator(seed: seed)
            let policy = try policy(RandomPolicy.document(&random))
            var counters = LimitCounters()
            for step in 0..<40 {
                let tool = (RandomPolicy.tools + ["hidden", "other"]).randomElement(using: &random) ?? "t"
                var one = try call(tool, RandomPolicy.arguments(&random))
                if step % 2 == 0 { one.approval = .approved(by: "ann") }
                reasons.insert(policy.decide(one, counters: &counters, now: .after(Double(step))).reason)
            }
        }
        #expect(
            reasons == [
                .allowed, .hidden, .defaultDeny, .require, .denyIf, .typeMismatch, .limit, .approval, .approved,
            ])
    }

    @Test func factsOfAnotherPolicyAreNotReplayed() throws {
        let policy = try policy(
            documentText(tool: #"{"require":[{"conditions":[{"path":"args.a","op":"eq","value":1}]}]}"#))
        var decision = Decision(
            gateway: "g", identity: .grant, server: "s", transport: .http, method: "tools/call", verdict: .allow,
            mode: .enforce, reason: .allowed)
        #expect(RecordedCall(decision, at: .start) == nil)
        decision.tool = "t"
        var counters = LimitCounters()
        for facts in [nil, "", "11"] {
            decision.facts = facts
            let recorded = try #require(RecordedCall(decision, at: .start))
            #expect(policy.redecide(recorded, counters: &counters) == nil)
        }
    }

    @Test func brakesAreReplayedFromTheirRecord() throws {
        let policy = try policy(
            #"{"version":"1","default":"allow","brake":{"on":["cap"],"action":"throttle","cooldown":"1m"}}"#)
        var counters = LimitCounters()
        let brake = EngagedBrake(rule: "cap", until: .after(42.5))
        let verdict = policy.decide(try call("t", brake: brake), counters: &counters, now: .start)
        var decision = Decision(
            gateway: "g", identity: .grant, server: "ecs", transport: .http, method: "tools/call", verdict: .deny,
            mode: .enforce, reason: .internal)
        decision.tool = "t"
        decision.grant = "ci"
        verdict.write(to: &decision)
        let recorded = try #require(RecordedCall(decision, at: .start))
        #expect(policy.redecide(recorded, counters: &counters) == verdict)
        #expect(verdict.reason == .brake)
    }

    @Test func recordedArgumentsAreWhatThePolicyNamesAndNoMore() throws {
        let policy = try policy(
            documentText(tool: #"{"record":["args.app","args.n","args.list","args.none","args.nothing"]}"#))
        let long = String(repeating: "é", count: 300)
        let verdict = try policy.decide(
            "t", #"{"app":"we\u0062","n":1.50,"list":[1, {"a":2}],"nothing":null,"secret":"s3cr3t"}"#)
        #expect(
            verdict.recordedArguments
                == ["args.app=web", "args.n=1.50", #"args.list=[1, {"a":2}]"#, "args.nothing=null"])
        let cut = try #require(try policy.decide("t", #"{"app":"\#(long)"}"#).recordedArguments?.first)
        #expect(cut.utf8.count <= TextBound.argument)
        #expect(cut.hasSuffix("é\u{2026}"))
        #expect(try policy.decide("t", "{}").recordedArguments == nil)
    }
}
