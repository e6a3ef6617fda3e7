import Events
import Policy
import Testing

/// Which rule decides, what it is called, and what the record says of the looks.
struct RuleOrderTests {
    private let everything = #"""
        {"version":"1","default":"deny","hide":["secret"],
         "all_tools":{"require":[{"conditions":[{"path":"args.who","op":"exists","value":true}],"on_deny":"Say who."}],
                      "deny_if":[{"conditions":[{"path":"args.who","op":"eq","value":"eve"}]}],
                      "limits":[{"counter":"all","window":"minute","max":3,"scope":"grant"}]},
         "tools":{"t":{"require":[{"conditions":[{"path":"args.a","op":"gt","value":0},{"path":"args.b","op":"gt","value":0}]}],
                       "deny_if":[{"name":"big","conditions":[{"path":"args.a","op":"gt","value":100}],"on_deny":"Too big."}],
                       "limits":[{"counter":"t","window":"minute","max":2,"scope":"grant"}]},
                  "secret":{},"u":{}}}
        """#

    @Test(
        arguments: [
            ("secret", #"{"who":"x"}"#, "(hidden)", Reason.hidden, nil),
            ("nowhere", #"{"who":"x"}"#, "(default deny)", .defaultDeny, nil),
            ("u", "{}", "/all_tools/require/args.who-exists", .require, "0-"),
            ("u", #"{"who":"eve"}"#, "/all_tools/deny_if/args.who-eq", .denyIf, "11"),
            ("t", #"{"who":"eve","a":1000}"#, "/all_tools/deny_if/args.who-eq", .denyIf, "11---"),
            ("t", #"{"who":"x","a":1000}"#, "/tools/t/require/args.a-gt,args.b-gt", .require, "1010-"),
            ("t", #"{"who":"x","b":1}"#, "/tools/t/require/args.a-gt,args.b-gt", .require, "100--"),
            ("t", #"{"who":"x","a":1000,"b":1}"#, "/tools/t/deny_if/big", .denyIf, "10111"),
            ("t", #"{"who":7,"a":1,"b":1}"#, "/all_tools/deny_if/args.who-eq", .typeMismatch, "1!---"),
        ] as [(String, String, String, Reason, String?)])
    func theFirstDenialDecides(_ tool: String, _ arguments: String, _ rule: String, _ reason: Reason, _ facts: String?)
        throws
    {
        let verdict = try policy(everything).decide(tool, arguments)
        #expect(verdict.verdict == .deny)
        #expect(verdict.rule == rule)
        #expect(verdict.reason == reason)
        #expect(verdict.facts == facts)
        #expect(verdict.limit == nil)
        #expect(verdict.retryAfterMilliseconds == nil)
    }

    @Test func allowedCallsCountInAllTheirLimits() throws {
        let policy = try policy(everything)
        var counters = LimitCounters()
        let good = try call("t", #"{"who":"x","a":1,"b":1}"#)
        let first = policy.decide(good, counters: &counters, now: .start)
        #expect(first.facts == "10110")
        #expect(first.limit?.counter == "t" && first.limit?.used == 1)
        _ = policy.decide(good, counters: &counters, now: .start)
        let third = policy.decide(good, counters: &counters, now: .start)
        #expect(third.rule == "/tools/t/limits/t" && third.verdict == .throttle)
        // The throttled call counted nowhere: one is left of the three for all tools.
        let other = try call("u", #"{"who":"x"}"#)
        #expect(policy.decide(other, counters: &counters, now: .start).limit?.used == 3)
        #expect(policy.decide(other, counters: &counters, now: .start).rule == "/all_tools/limits/all")
        #expect(policy.decide(good, counters: &counters, now: .start).rule == "/all_tools/limits/all")
    }

    @Test func deniedCallsCountNowhere() throws {
        let policy = try policy(everything)
        var counters = LimitCounters()
        for _ in 0..<20 { _ = policy.decide(try call("t", "{}"), counters: &counters, now: .start) }
        #expect(counters.count == 0)
    }

    @Test func idsEscapeNamesAndNumberEqualOnes() throws {
        let rule = #"{"conditions":[{"path":"args.x","op":"gt","value":1}]}"#
        let policy = try policy(
            #"""
            {"version":"1","default":"deny","tools":{"a/b~c":{"deny_if":[\#(rule),\#(rule),{"conditions":[]},
            {"name":"x/y","conditions":[]},\#(rule)],"limits":[{"counter":"n/m","window":5,"max":1,"scope":"global"}]}}}
            """#)
        #expect(
            policy.ruleIDs(ofTool: "a/b~c") == [
                "/tools/a~1b~0c/deny_if/args.x-gt", "/tools/a~1b~0c/deny_if/args.x-gt#2",
                "/tools/a~1b~0c/deny_if/always", "/tools/a~1b~0c/deny_if/x~1y", "/tools/a~1b~0c/deny_if/args.x-gt#3",
                "/tools/a~1b~0c/limits/n~1m",
            ])
    }

    /// A rule with several conditions denies whatever a value that cannot be compared is taken for.
    @Test(arguments: [
        (#"{"amount":"20000","currency":"EUR"}"#, Verdict.deny, "!1"),
        (#"{"amount":20000,"currency":7}"#, .deny, "1!"),
        (#"{"amount":"20000","currency":"USD"}"#, .allow, "!0"),
        (#"{"amount":"20000"}"#, .allow, "!0"),
        (#"{"amount":5,"currency":7}"#, .allow, "0-"),
    ]) func aMismatchCountsAsHolding(_ arguments: String, _ verdict: Verdict, _ facts: String) throws {
        let policy = try policy(
            documentText(
                tool: #"{"deny_if":[{"conditions":[{"path":"args.amount","op":"gt","value":10000},"#
                    + #"{"path":"args.currency","op":"eq","value":"EUR"}]}]}"#))
        let decided = try policy.decide("t", arguments)
        #expect(decided.verdict == verdict)
        #expect(decided.facts == facts)
        if verdict == .deny { #expect(decided.reason == .typeMismatch) }
    }

    @Test func hidingAllHidesListedTools() throws {
        let policy = try policy(#"{"version":"1","default":"allow","hide":["*"],"tools":{"t":{"risk":"read"}}}"#)
        for name in ["t", "other"] {
            #expect(policy.standing(ofTool: name) == .hidden)
            #expect(try policy.decide(name).reason == .hidden)
            let standing = Array(name.utf8).withUnsafeBytes { policy.standing(ofToolUTF8: $0) }
            #expect(standing == .hidden)
        }
    }

    @Test func listsLoseHiddenToolsUnlessItIsShadow() throws {
        for (mode, expected) in [("enforce", true), ("shadow", false)] {
            let policy = try policy(#"{"version":"1","default":"deny","hide":["t"],"mode":"\#(mode)"}"#)
            let isLeftOut = ["t", "u"].map { name in
                Array(name.utf8).withUnsafeBytes { policy.isLeftOutOfLists(toolUTF8: $0) }
            }
            #expect(isLeftOut == [expected, false])
        }
    }

    @Test func aPolicyMayOverrideTheRisk() throws {
        let policy = try policy(documentText(tool: #"{"risk":"read"}"#))
        #expect(policy.profile(ofTool: "t", found: .destructive) == (isNamed: true, risk: .read))
        #expect(policy.profile(ofTool: "u", found: .destructive).risk == .destructive)
        #expect(!policy.profile(ofTool: "nobody", found: .read).isNamed)
    }

    @Test func theConstantTextsHoldNoNumbers() throws {
        let verdict = try policy(everything).decide("t", #"{"who":"x","a":1000,"b":1}"#)
        #expect(verdict.message == "Too big.")
        #expect(verdict.callerText(tool: "t") == "[POLICY DENIED] Too big.")
        #expect(try policy(everything).decide("u", "{}").callerText(tool: "u") == "[POLICY DENIED] Say who.")
        #expect(
            try policy(everything).decide("secret").callerText(tool: "secret")
                == "[POLICY DENIED] secret is not available.")
        #expect(
            try policy(everything).decide("v").callerText(tool: "v")
                == "[POLICY DENIED] v is not allowed: this policy denies every tool that it does not list.")
    }
}
