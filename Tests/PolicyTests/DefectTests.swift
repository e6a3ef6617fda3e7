import Events
import Policy
import StrictJSON
import Testing

// Defects that were found in other gateways. Each is held off where it would arise, and at the server's end:
//
// | defect | tests, which fail on it |
// |---|---|
// | a batch passes unchecked | MCPTests/CorpusTests (envelopes/batch.jsonl); EndToEnd/test_envelopes.py: only_harmless_envelopes_reach_the_server; EndToEnd/test_http_corpus.py: only_what_all_read_alike_reaches_the_server |
// | `arguments` is no object and forwarded unevaluated | here: argumentsThatAreNoObjectDoNotPassUnevaluated; MCPTests/CorpusTests (envelopes/structure.jsonl); EndToEnd/test_defects.py: arguments_that_are_no_object_do_not_pass_unevaluated |
// | a key twice, in the envelope or in `arguments` | here: aRepeatedKeyIsNoSecondChance; StrictJSONTests/DuplicateKeyTests; MCPTests/CorpusTests (envelopes/duplicates.jsonl); EndToEnd/test_envelopes.py, test_http_corpus.py |
// | keys that are equal when folded | here: aKeyInAnotherCaseIsNoWayAround; PolicyTests/ArgumentTests: keysThatFoldToARulesKeyAreAMismatch; MCPTests/FoldedKeyTests; MCPTests/CorpusTests (envelopes/folding.jsonl); EndToEnd/test_envelopes.py, test_http_corpus.py |
// | `"20000"` passes a numeric rule | here: aNumberInQuotesDoesNotPassANumericRule; EndToEnd/test_policy.py: conditions_decide_on_arguments |
// | a negative `increment_from` refills | here: aNegativeIncrementRefillsNothing; EndToEnd/test_defects.py: a_negative_amount_refills_no_budget |
// | a refused call is never counted | here: aCallThatTheServerRefusedHasCounted; EndToEnd/test_defects.py: a_call_that_the_server_refuses_has_counted |
// | what is given back reaches the next window | here: whatIsGivenBackLateDoesNotReachTheNextWindow; PolicyTests/LimitTests: givenBackInsideTheWindowItIsFreeAgain |
// | a rule with state never counts | here: aLimitWithoutConditionsCountsEveryCall; EndToEnd/test_defects.py: a_limit_that_no_argument_is_needed_for_counts_every_call |
// | the tool's name in the header is not the body's | MCPTests/HeaderAgreementTests: otherNamesDisagree; EndToEnd/test_http_stateless.py: headers_must_say_what_the_body_says |
// | hidden tools on a second page, or on a stream | GatewayTests/ToolListFilterTests; MCPTests/ToolListTests; EndToEnd/test_policy.py: hidden_tools_are_on_no_page; EndToEnd/test_http_protocol.py: hidden_tools_are_in_no_page_of_any_list (json and stream); EndToEnd/test_http_stdio.py: lists_lose_hidden_tools_here_too |
// | limits by session collapse into one bucket | here: callersWithoutASessionDoNotShareOneBucket; EndToEnd/test_defects.py: callers_without_a_session_do_not_share_one_bucket |

/// Defects that were found in other gateways: each test fails on an engine that has the defect.
struct DefectTests {
    private func amount(_ arguments: String) throws -> PolicyVerdict {
        try policy(
            documentText(tool: #"{"deny_if":[{"conditions":[{"path":"args.amount","op":"gt","value":10000}]}]}"#)
        ).decide("t", arguments)
    }

    @Test func argumentsThatAreNoObjectDoNotPassUnevaluated() throws {
        for arguments in ["[20000]", #""{\"amount\":20000}""#, "null", "20000"] {
            #expect(!(try amount(arguments).passes), "\(arguments)")
        }
    }

    @Test func aRepeatedKeyIsNoSecondChance() throws {
        for arguments in [
            #"{"amount":1,"amount":20000}"#, #"{"amount":1,"\u0061mount":20000}"#, #"{"a":{"b":1,"b":2}}"#,
        ] {
            #expect(throws: JSONError.self) { try JSONTree(parsing: Array(arguments.utf8)) }
        }
    }

    @Test func aKeyInAnotherCaseIsNoWayAround() throws {
        for key in ["Amount", "AMOUNT", "amoun\u{54}", #"\u0041mount"#] {
            #expect(!(try amount(#"{"\#(key)":20000}"#).passes), "\(key)")
            #expect(!(try amount(#"{"amount":1,"\#(key)":20000}"#).passes), "\(key)")
        }
        let policy = try policy(
            documentText(tool: #"{"deny_if":[{"conditions":[{"path":"args.tasks","op":"eq","value":1}]}]}"#))
        #expect(!(try policy.decide("t", "{\"ta\u{17F}\u{212A}\u{17F}\":1}").passes))
    }

    @Test func aNumberInQuotesDoesNotPassANumericRule() throws {
        for value in [#""20000""#, #"" 20000""#, #""2e4""#, "[20000]", #"{"value":20000}"#, "true"] {
            #expect(!(try amount(#"{"amount":\#(value)}"#).passes), "\(value)")
        }
    }

    @Test func aNumberThatADoubleRoundsIsStillOverTheLimit() throws {
        #expect(!(try amount(#"{"amount":10000.0000000000000000000001}"#).passes))
        #expect(!(try amount(#"{"amount":1e999}"#).passes))
        #expect(try amount(#"{"amount":10000.0}"#).passes)
    }

    private let spending = documentText(
        tool: #"{"limits":[{"counter":"spent","window":"day","max":100,"scope":"grant","increment_from":"args.n"}]}"#)

    @Test func aNegativeIncrementRefillsNothing() throws {
        let policy = try policy(spending)
        var counters = LimitCounters()
        func passes(_ amount: String) throws -> Bool {
            policy.decide(try call("t", #"{"n":\#(amount)}"#), counters: &counters, now: .start).passes
        }
        #expect(try passes("100"))
        for amount in ["-100", "-1e9", "-0.5", #""-100""#] { #expect(try !passes(amount)) }
        #expect(try !passes("1"))
    }

    /// Whatever the server answers, the call has cost it something; only what was never sent is given back.
    @Test func aCallThatTheServerRefusedHasCounted() throws {
        let policy = try policy(PagePolicyTests.text)
        var counters = LimitCounters()
        let build = try call("build_and_push_image_to_ecr", "{}")
        for _ in 0..<10 { #expect(policy.decide(build, counters: &counters, now: .start).passes) }
        #expect(!policy.decide(build, counters: &counters, now: .after(59)).passes)
    }

    @Test func whatIsGivenBackLateDoesNotReachTheNextWindow() throws {
        for algorithm in ["fixed", "sliding"] {
            let policy = try policy(
                documentText(
                    tool:
                        #"{"limits":[{"counter":"c","window":60,"max":1,"scope":"grant","algorithm":"\#(algorithm)"}]}"#
                ))
            var counters = LimitCounters()
            let one = try call("t")
            #expect(policy.decide(one, counters: &counters, now: .after(59)).passes)
            #expect(policy.decide(one, counters: &counters, now: .after(120)).passes)
            let first = Reservation(tool: "t", caller: .ci, cost: nil, at: .after(59))
            counters.giveBack(first, under: policy, now: .after(121))
            #expect(!policy.decide(one, counters: &counters, now: .after(122)).passes)
        }
    }

    /// A limit counts by itself: no rule has to hold, and no argument to be there, for it to count.
    @Test func aLimitWithoutConditionsCountsEveryCall() throws {
        let policy = try policy(
            documentText(tool: #"{"limits":[{"counter":"c","window":"hour","max":3,"scope":"agent"}]}"#))
        var counters = LimitCounters()
        let used = [nil, "{}", #"{"a":1}"#, nil].map { arguments in
            let one = try? call("t", arguments)
            return one.flatMap { policy.decide($0, counters: &counters, now: .start).limit?.used }
        }
        #expect(used == [1, 2, 3, 3])
    }

    @Test func callersWithoutASessionDoNotShareOneBucket() throws {
        let policy = try policy(
            documentText(tool: #"{"limits":[{"counter":"c","window":"hour","max":1,"scope":"session"}]}"#))
        var counters = LimitCounters()
        let grants = ["g1", "g2", "g3", "g1"]
        let passed = try grants.map { grant in
            let caller = Caller(agent: "same", grant: grant, session: nil, server: "x")
            return policy.decide(try call("t", caller: caller), counters: &counters, now: .start).passes
        }
        #expect(passed == [true, true, true, false])
        // Nor do two servers or grants whose session ids happen to be equal.
        let sessions = [("g1", "x"), ("g2", "x"), ("g1", "y"), ("g1", "x")]
        let admitted = try sessions.map { grant, server in
            let caller = Caller(agent: "same", grant: grant, session: "1", server: server)
            return policy.decide(try call("t", caller: caller), counters: &counters, now: .start).passes
        }
        #expect(admitted == [true, true, true, false])
    }

    /// A lookup by Swift's own string equality would take the second spelling for the first.
    @Test func toolsWhoseNamesLookAlikeAreTwoTools() throws {
        let policy = try policy(
            "{\"version\":\"1\",\"default\":\"allow\",\"hide\":[\"caf\u{E9}\"],\"tools\":{\"\u{E9}t\":{\"deny_if\":[{\"conditions\":[]}]}}}"
        )
        #expect(policy.standing(ofTool: "caf\u{E9}") == .hidden)
        #expect(policy.standing(ofTool: "cafe\u{301}") == .open)
        #expect(!(try policy.decide("\u{E9}t").passes))
        #expect(try policy.decide("e\u{301}t").passes)
    }

    @Test func aThrottledStormConsumesNothing() throws {
        let policy = try policy(PagePolicyTests.text)
        var counters = LimitCounters()
        let build = try call("build_and_push_image_to_ecr", "{}")
        var passed: [Int] = []
        for millisecond in stride(from: 0, to: 180_000, by: 250) {
            let verdict = policy.decide(build, counters: &counters, now: .after(Double(millisecond) / 1000))
            if verdict.passes { passed.append(millisecond) }
        }
        // Ten at once as soon as the ten before have left, and none in between.
        #expect(passed == (0..<3).flatMap { minute in (0..<10).map { minute * 60_000 + $0 * 250 } })
    }
}
