import Events
import Policy
import StrictJSON
import Testing

/// Limits one by one: windows, scopes, increments, what is given back, what is told.
struct LimitTests {
    private func limited(_ limit: String) throws -> CompiledPolicy {
        try policy(documentText(tool: #"{"limits":[\#(limit)]}"#))
    }

    /// Decides calls of `t` one after the other and tells which were allowed.
    private func decide(
        _ policy: CompiledPolicy, _ counters: inout LimitCounters, at seconds: [Double], caller: Caller = .ci,
        _ arguments: String = "{}"
    ) throws -> [Bool] {
        let one = try call("t", arguments, caller: caller)
        return seconds.map { policy.decide(one, counters: &counters, now: .after($0)).verdict == .allow }
    }

    @Test func aCallLeavesTheWindowExactlyWhenItIsOver() throws {
        let policy = try limited(#"{"counter":"c","window":"minute","max":1,"scope":"grant"}"#)
        var counters = LimitCounters()
        #expect(try decide(policy, &counters, at: [0, 59.999_999, 60]) == [true, false, true])
    }

    @Test func aSlidingWindowHasNoBoundaryToGetAround() throws {
        let policy = try limited(#"{"counter":"c","window":60,"max":10,"scope":"grant"}"#)
        var counters = LimitCounters()
        let around = (0..<10).map { 59.0 + Double($0) / 10 } + (0..<10).map { 60.0 + Double($0) / 10 }
        #expect(try decide(policy, &counters, at: around).count { $0 } == 10)
    }

    /// A counter that is empty and one that was forgotten are the same, though when one is forgotten is chance.
    @Test func anEmptyCounterDecidesLikeNone() throws {
        let policy = try limited(#"{"counter":"c","window":"minute","max":33,"scope":"grant"}"#)
        var used = LimitCounters()
        // Coarse after 33 calls; the last look, of a call that is throttled, keeps it from being forgotten for a while.
        let early = (0..<33).map { Double($0) / 10 } + [59]
        #expect(try decide(policy, &used, at: early).count { $0 } == 33)
        var fresh = LimitCounters()
        let one = try call("t", "{}")
        for step in 0..<200 {
            let now = Timestamp.after(70 + Double(step) * 1.97 + Double(step % 7) / 10)
            let expected = policy.decide(one, counters: &fresh, now: now)
            try #require(policy.decide(one, counters: &used, now: now) == expected, "step \(step)")
        }
    }

    @Test func fixedWindowsBeginAnewAtTheirBoundaries() throws {
        let policy = try limited(
            #"{"counter":"c","window":"minute","max":2,"scope":"grant","algorithm":"fixed"}"#)
        var counters = LimitCounters()
        #expect(
            try decide(policy, &counters, at: [58, 58.5, 59, 60, 61, 62, 120, 121])
                == [true, true, false, true, true, false, true, true])
        let refused = policy.decide(try call("t"), counters: &counters, now: .after(150.25))
        #expect(refused.retryAfterMilliseconds == 29_750)
    }

    @Test func aMaximumOfZeroIsNever() throws {
        for algorithm in ["sliding", "fixed"] {
            let policy = try limited(
                #"{"counter":"c","window":"day","max":0,"scope":"global","algorithm":"\#(algorithm)"}"#)
            let verdict = try policy.decide("t", "{}")
            #expect(verdict.verdict == .deny)
            #expect(verdict.reason == .limit)
            #expect(verdict.rule == "/tools/t/limits/c")
            #expect(verdict.retryAfterMilliseconds == nil)
            #expect(
                verdict.callerText(tool: "t")
                    == "[POLICY DENIED] Rate limit: t allows no calls for all callers together. Retrying does not help."
            )
        }
    }

    @Test(arguments: [
        ("grant", [true, false, true, true, true, false]), ("agent", [true, false, true, true, false, true]),
        ("session", [true, true, true, true, true, false]), ("server", [true, false, false, true, false, false]),
        ("global", [true, false, false, false, false, false]),
    ]) func scopesTellCallersApart(_ scope: String, _ expected: [Bool]) throws {
        let policy = try limited(#"{"counter":"c","window":"minute","max":1,"scope":"\#(scope)"}"#)
        var counters = LimitCounters()
        let callers = [
            Caller(agent: "a", grant: "g1", session: "s1", server: "x"),
            Caller(agent: "a", grant: "g1", session: "s2", server: "x"),
            Caller(agent: "b", grant: "g2", session: "s1", server: "x"),
            Caller(agent: "g1", grant: nil, session: nil, server: "y"),
            Caller(agent: "b", grant: "g3", session: nil, server: "x"),
            Caller(agent: "c", grant: "g3", session: nil, server: "x"),
        ]
        let allowed = try callers.map { try decide(policy, &counters, at: [1], caller: $0)[0] }
        #expect(allowed == expected)
    }

    @Test func withoutAGrantEachAgentOnEachServerCountsByItself() throws {
        let policy = try limited(#"{"counter":"c","window":"minute","max":1,"scope":"grant"}"#)
        var counters = LimitCounters()
        let callers = [("ann", "ecs"), ("ann", "git"), ("bob", "ecs"), ("ann", "ecs")]
        let allowed = try callers.map { agent, server in
            let caller = Caller(agent: agent, grant: nil, session: nil, server: server)
            return try decide(policy, &counters, at: [1], caller: caller)[0]
        }
        #expect(allowed == [true, true, true, false])
    }

    @Test func callersWithoutIdentityShareNoCounter() throws {
        let nobody = Caller(agent: nil, grant: nil, session: "s", server: "x")
        for scope in ["grant", "agent", "session"] {
            let policy = try limited(#"{"counter":"c","window":"minute","max":9,"scope":"\#(scope)"}"#)
            var counters = LimitCounters()
            let verdict = policy.decide(try call("t", caller: nobody), counters: &counters, now: .start)
            #expect(verdict.verdict == .deny)
            #expect(verdict.reason == .identityUnresolved)
            #expect(counters.count == 0)
        }
    }

    /// The log keeps long names in a shorter form; a counter rebuilt from it has to be the same one.
    @Test func longNamesCountAsTheLogHasThem() throws {
        let policy = try limited(#"{"counter":"c","window":"minute","max":1,"scope":"session"}"#)
        let session = String(repeating: "sé", count: 100)
        var line = LineBuffer()
        line.append(json: session, maximum: TextBound.name)
        let recorded = String(decoding: line.bytes.dropFirst().dropLast(), as: UTF8.self)
        #expect(recorded != session)
        var counters = LimitCounters()
        let caller = Caller(agent: "a", grant: "g", session: recorded, server: "x")
        counters.restore(Reservation(tool: "t", caller: caller, cost: nil, at: .start), under: policy)
        let live = Caller(agent: "a", grant: "g", session: session, server: "x")
        #expect(try decide(policy, &counters, at: [1], caller: live) == [false])
    }

    @Test func equalCountersOfTwoToolsAreTwo() throws {
        let limit = #"{"limits":[{"counter":"c","window":"minute","max":1,"scope":"global"}]}"#
        let policy = try policy(#"{"version":"1","default":"deny","tools":{"t":\#(limit),"u":\#(limit)}}"#)
        var counters = LimitCounters()
        for expected in [Verdict.allow, .throttle] {
            for tool in ["t", "u"] {
                #expect(policy.decide(try call(tool), counters: &counters, now: .start).verdict == expected)
            }
        }
    }

    @Test func burstAndSustainedHoldTogether() throws {
        let policy = try policy(
            documentText(
                tool: #"{"limits":[{"counter":"burst","window":1,"max":2,"scope":"grant"},"#
                    + #"{"counter":"sustained","window":"minute","max":5,"scope":"grant"}]}"#))
        var counters = LimitCounters()
        #expect(
            try decide(policy, &counters, at: [0, 0, 0, 1, 1, 1, 2, 2, 60, 60, 60])
                == [true, true, false, true, true, false, true, false, true, true, false])
        // The burst has room again after a second, the sustained limit only after the minute: both are waited for.
        let refused = policy.decide(try call("t"), counters: &counters, now: .after(60))
        #expect(refused.rule == "/tools/t/limits/burst")
        #expect(refused.retryAfterMilliseconds == 1000)
    }

    @Test func retryAfterWaitsForAllLimits() throws {
        let policy = try policy(
            documentText(
                tool: #"{"limits":[{"counter":"burst","window":1,"max":1,"scope":"grant"},"#
                    + #"{"counter":"sustained","window":"minute","max":1,"scope":"grant"}]}"#))
        var counters = LimitCounters()
        #expect(try decide(policy, &counters, at: [0]) == [true])
        let refused = policy.decide(try call("t"), counters: &counters, now: .after(0.5))
        #expect(refused.rule == "/tools/t/limits/burst")
        #expect(refused.retryAfterMilliseconds == 59_500)
    }

    @Test func retryAfterIsRoundedUpToAMillisecond() throws {
        let policy = try limited(#"{"counter":"c","window":1,"max":1,"scope":"grant"}"#)
        var counters = LimitCounters()
        #expect(try decide(policy, &counters, at: [0]) == [true])
        let refused = policy.decide(try call("t"), counters: &counters, now: .after(0.999_999))
        #expect(refused.retryAfterMilliseconds == 1)
        #expect(refused.callerText(tool: "t").hasSuffix("Retry after 1 s."))
    }

    @Test func theReadingIsTheLimitNearestToItsMaximum() throws {
        let policy = try policy(
            documentText(
                tool: #"{"limits":[{"counter":"wide","window":"day","max":100,"scope":"grant"},"#
                    + #"{"counter":"narrow","window":"minute","max":3,"scope":"grant"}]}"#))
        var counters = LimitCounters()
        let verdict = policy.decide(try call("t"), counters: &counters, now: .start)
        #expect(
            verdict.limit == LimitReading(counter: "narrow", windowSeconds: 60, maximum: 3, used: 1))
    }

    @Test func incrementsCountMoreThanOne() throws {
        let policy = try limited(#"{"counter":"c","window":"minute","max":10,"scope":"grant","increment":4}"#)
        var counters = LimitCounters()
        #expect(try decide(policy, &counters, at: [0, 1, 2, 60, 61]) == [true, true, false, true, true])
    }

    private let spending =
        #"{"counter":"spent","window":"day","max":1000,"scope":"grant","increment_from":"args.amount"}"#

    @Test func incrementFromCountsWhatTheArgumentsSay() throws {
        let policy = try limited(spending)
        var counters = LimitCounters()
        for (amount, allowed) in [("600", true), ("4e2", true), ("1", false), ("0", true), ("1.0", false)] {
            let one = try call("t", #"{"amount":\#(amount)}"#)
            let verdict = policy.decide(one, counters: &counters, now: .start)
            #expect(verdict.passes == allowed, "\(amount)")
            #expect(verdict.cost != nil)
        }
        let verdict = policy.decide(try call("t", #"{"amount":1}"#), counters: &counters, now: .start)
        #expect(verdict.limit?.used == 1000)
        #expect(
            verdict.callerText(tool: "t").hasPrefix(
                "[POLICY DENIED] Rate limit: t allows 1000 of args.amount per day for this grant. Retry after 86400 s.")
        )
    }

    @Test(arguments: [
        "{}", #"{"amount":null}"#, #"{"amount":-1}"#, #"{"amount":0.5}"#, #"{"amount":"5"}"#, #"{"amount":[1]}"#,
        #"{"amount":true}"#, #"{"amount":-1e400}"#, #"{"amount":1e-400}"#, #"{"Amount":5}"#,
        #"{"amount":1,"AMOUNT":0}"#,
    ]) func whatCannotBeCountedIsDenied(_ arguments: String) throws {
        let policy = try limited(spending)
        var counters = LimitCounters()
        #expect(try decide(policy, &counters, at: [0], #"{"amount":999}"#) == [true])
        let verdict = policy.decide(try call("t", arguments), counters: &counters, now: .start)
        #expect(verdict.verdict == .deny)
        #expect(verdict.reason == .typeMismatch)
        #expect(verdict.rule == "/tools/t/limits/spent")
        #expect(verdict.message == "args.amount must be given once, as a whole number from 0.")
        #expect(try decide(policy, &counters, at: [0, 0], #"{"amount":1}"#) == [true, false])
    }

    @Test(arguments: ["1001", "9223372036854775807", "9223372036854775808", "1e400"])
    func moreThanTheMaximumAtOnceIsNever(_ amount: String) throws {
        let verdict = try limited(spending).decide("t", #"{"amount":\#(amount)}"#)
        #expect(verdict.verdict == .deny)
        #expect(verdict.reason == .limit)
        #expect(verdict.retryAfterMilliseconds == nil)
    }

    @Test func givenBackInsideTheWindowItIsFreeAgain() throws {
        for algorithm in ["sliding", "fixed"] {
            let policy = try limited(
                #"{"counter":"c","window":"minute","max":2,"scope":"grant","algorithm":"\#(algorithm)"}"#)
            var counters = LimitCounters()
            #expect(try decide(policy, &counters, at: [1, 2, 3]) == [true, true, false])
            let second = Reservation(tool: "t", caller: .ci, cost: nil, at: .after(2))
            counters.giveBack(second, under: policy, now: .after(4))
            #expect(try decide(policy, &counters, at: [5, 6]) == [true, false], "\(algorithm)")
            // Once is all that can be given back.
            counters.giveBack(second, under: policy, now: .after(7))
            #expect(try decide(policy, &counters, at: [8]) == [algorithm == "fixed"], "\(algorithm)")
        }
    }

    /// Above 32 calls a window is kept in stretches; one that has left is not given back from.
    @Test func largeLimitsTakeBackToo() throws {
        let policy = try limited(#"{"counter":"c","window":64,"max":50,"scope":"grant"}"#)
        var counters = LimitCounters()
        func giveBack(_ second: Double, at now: Double) {
            let reservation = Reservation(tool: "t", caller: .ci, cost: nil, at: .after(second))
            counters.giveBack(reservation, under: policy, now: .after(now))
        }
        #expect(try decide(policy, &counters, at: [0] + (1...49).map(Double.init)).allSatisfy(\.self))
        #expect(try decide(policy, &counters, at: [50]) == [false])
        giveBack(7, at: 51)
        #expect(try decide(policy, &counters, at: [52, 52]) == [true, false])
        // Nothing stands at 7 any more; the call at 0 has left by 65.
        giveBack(7, at: 53)
        #expect(try decide(policy, &counters, at: [54]) == [false])
        #expect(try decide(policy, &counters, at: [65.5, 65.5]) == [true, false])
        giveBack(0, at: 65.6)
        #expect(try decide(policy, &counters, at: [65.7]) == [false])
    }

    @Test func whatIsGivenBackLateChangesNoLaterWindow() throws {
        for algorithm in ["sliding", "fixed"] {
            let policy = try limited(
                #"{"counter":"c","window":"minute","max":1,"scope":"grant","algorithm":"\#(algorithm)"}"#)
            var counters = LimitCounters()
            #expect(try decide(policy, &counters, at: [1, 61]) == [true, true])
            let first = Reservation(tool: "t", caller: .ci, cost: nil, at: .after(1))
            counters.giveBack(first, under: policy, now: .after(62))
            #expect(try decide(policy, &counters, at: [63]) == [false], "\(algorithm)")
        }
    }

    @Test func aReloadThatRaisesTheMaximumKeepsWhatWasCounted() throws {
        func limit(_ maximum: Int) throws -> CompiledPolicy {
            try limited(#"{"counter":"c","window":"minute","max":\#(maximum),"scope":"grant"}"#)
        }
        var counters = LimitCounters()
        #expect(try decide(try limit(2), &counters, at: [0, 0, 0]) == [true, true, false])
        #expect(try decide(try limit(40), &counters, at: Array(repeating: 1, count: 40)).count { $0 } == 38)
        #expect(try decide(try limit(5), &counters, at: [2, 63]) == [false, true])
    }

    @Test func shadowLetsPassAndCountsOnlyWhatWouldPass() throws {
        let policy = try policy(
            #"""
            {"version":"1","default":"deny","mode":"shadow","tools":{
              "t":{"limits":[{"counter":"c","window":"minute","max":1,"scope":"grant"}]},
              "u":{"mode":"enforce","limits":[{"counter":"c","window":"minute","max":1,"scope":"grant"}]}}}
            """#)
        var counters = LimitCounters()
        let verdicts = [0.0, 1, 60].map { second in
            policy.decide(Call.plain("t"), counters: &counters, now: .after(second))
        }
        #expect(verdicts.map(\.verdict) == [.allow, .throttle, .allow])
        #expect(verdicts.allSatisfy { $0.mode == .shadow && $0.passes })
        let enforced = [0.0, 1].map { _ in policy.decide(Call.plain("u"), counters: &counters, now: .after(60)) }
        #expect(enforced.map(\.passes) == [true, false])
        #expect(policy.decide(Call.plain("nowhere"), counters: &counters, now: .after(60)).passes)
        // The log says the same: only what was allowed counts again.
        var decision = Decision(
            gateway: "g", identity: .flag, server: "s", transport: .stdio, method: "tools/call", verdict: .deny,
            mode: .enforce, reason: .internal)
        decision.tool = "t"
        verdicts[1].write(to: &decision)
        #expect(Reservation(decision, at: .after(1)) == nil)
        verdicts[0].write(to: &decision)
        #expect(Reservation(decision, at: .after(0)) != nil)
    }

    @Test(arguments: ["sliding", "fixed"]) func timeThatStepsBackNeitherRefillsNorFreezes(_ algorithm: String) throws {
        let policy = try limited(
            #"{"counter":"c","window":"minute","max":2,"scope":"grant","algorithm":"\#(algorithm)"}"#)
        var counters = LimitCounters()
        #expect(try decide(policy, &counters, at: [60, 61, -3600, 50, 62]) == [true, true, false, false, false])
        #expect(try decide(policy, &counters, at: [121, 121, 10, 122]) == [true, true, false, false])
        // What passes while the clock is behind counts from the latest moment on.
        let other = Caller(agent: "b", grant: "other", session: nil, server: "ecs")
        #expect(try decide(policy, &counters, at: [-100, -100, 130], caller: other) == [true, true, false])
    }

    @Test func aBrakeComesBeforeTheLimits() throws {
        for (action, verdict) in [("throttle", Verdict.throttle), ("deny", .deny)] {
            let policy = try policy(
                #"""
                {"version":"1","default":"allow","brake":{"on":["runaway"],"action":"\#(action)","cooldown":"15m"},
                 "all_tools":{"limits":[{"counter":"c","window":"minute","max":0,"scope":"global"}]}}
                """#)
            var counters = LimitCounters()
            let brake = EngagedBrake(rule: "loop", until: .after(900))
            let braked = policy.decide(try call("t", brake: brake), counters: &counters, now: .start)
            #expect(braked.verdict == verdict)
            #expect(braked.reason == .brake)
            #expect(braked.rule == "/brake/loop")
            #expect(braked.retryAfterMilliseconds == 900_000)
            let lifted = policy.decide(try call("t", brake: brake), counters: &counters, now: .after(900))
            #expect(lifted.reason == .limit)
            let other = EngagedBrake(rule: "novelty", until: .after(9000))
            #expect(policy.decide(try call("t", brake: other), counters: &counters, now: .after(901)).reason == .limit)
        }
    }
}

extension Call {
    /// A call without arguments.
    fileprivate static func plain(_ tool: String) -> Call {
        Call(tool: tool, arguments: nil, in: .init(), caller: .ci)
    }
}
