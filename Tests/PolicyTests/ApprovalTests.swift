import Events
import Policy
import Testing

/// A tool whose calls wait for a person.
struct ApprovalTests {
    private let document = #"""
        {"version":"1","default":"deny",
         "tools":{"pay":{"approval":{"timeout":"30m","on_timeout":"deny","reason":"Two pairs of eyes."},
                         "deny_if":[{"name":"big","conditions":[{"path":"args.amount","op":"gt","value":100}]}],
                         "limits":[{"counter":"pays","window":"minute","max":2,"scope":"grant"}]}},
         "brake":{"on":["loop"],"action":"deny","cooldown":"15m"}}
        """#
    private let modest = #"{"amount":5}"#

    private func decide(
        _ policy: CompiledPolicy, _ arguments: String, _ standing: ApprovalStanding, _ counters: inout LimitCounters,
        brake: EngagedBrake? = nil
    ) throws -> PolicyVerdict {
        var one = try call("pay", arguments, brake: brake)
        one.approval = standing
        return policy.decide(one, counters: &counters, now: .start)
    }

    @Test func aCallIsHeldWithoutBeingCounted() throws {
        let policy = try policy(document)
        var counters = LimitCounters()
        for _ in 0..<5 {
            let verdict = try decide(policy, modest, .unasked, &counters)
            #expect(verdict.verdict == .hold && verdict.reason == .approval && !verdict.passes)
            #expect(verdict.rule == "/tools/pay/approval" && verdict.message == "Two pairs of eyes.")
            #expect(verdict.limit == nil)
        }
        #expect(policy.approval(ofTool: "pay")?.timeoutSeconds == 1800)
        #expect(policy.approval(ofTool: "other") == nil && policy.longestApproval == 1_800_000_000)
    }

    @Test func anApprovedCallCountsAndSaysWhoApproved() throws {
        let policy = try policy(document)
        var counters = LimitCounters()
        for used in 1...2 {
            let verdict = try decide(policy, modest, .approved(by: "ann"), &counters)
            #expect(verdict.verdict == .allow && verdict.reason == .approved && verdict.limit?.used == used)
            #expect(verdict.rule == "/tools/pay/approval" && verdict.message == "Approved by ann.")
        }
        let third = try decide(policy, modest, .approved(by: "ann"), &counters)
        #expect(third.verdict == .throttle && third.rule == "/tools/pay/limits/pays")
        let held = try decide(policy, modest, .unasked, &counters)
        #expect(held.verdict == .throttle && held.rule == "/tools/pay/limits/pays", "what a limit refuses is not held")
    }

    @Test func noApprovalGetsPastRulesOrTheBrake() throws {
        let policy = try policy(document)
        var counters = LimitCounters()
        for standing in [ApprovalStanding.unasked, .full, .approved(by: "ann")] {
            let big = try decide(policy, #"{"amount":101}"#, standing, &counters)
            #expect(big.verdict == .deny && big.rule == "/tools/pay/deny_if/big")
            let brake = EngagedBrake(rule: "loop", until: .after(60))
            #expect(try decide(policy, modest, standing, &counters, brake: brake).rule == "/brake/loop")
        }
    }

    @Test func whereTooManyWaitTheCallIsThrottled() throws {
        var counters = LimitCounters()
        let verdict = try decide(try policy(document), modest, .full, &counters)
        #expect(verdict.verdict == .throttle && verdict.reason == .approval && verdict.rule == "/tools/pay/approval")
        #expect(!verdict.callerText(tool: "pay").isEmpty)
    }

    @Test func shadowModeHoldsNobody() throws {
        let policy = try policy(document.replacing(#""default":"deny","#, with: #""default":"deny","mode":"shadow","#))
        var counters = LimitCounters()
        let verdict = try decide(policy, modest, .unasked, &counters)
        #expect(verdict.verdict == .hold && verdict.mode == .shadow && verdict.passes)
        #expect(policy.approval(ofTool: "pay") == nil)
    }

    @Test func theShorthandAsksForHalfAnHour() throws {
        let policy = try policy(#"{"tools":{"pay":{"action":"require_approval","reason":"Ask ann."}}}"#)
        #expect(policy.approval(ofTool: "pay")?.timeoutSeconds == 1800)
        #expect(policy.approval(ofTool: "pay")?.message == "Ask ann.")
        #expect(String(decoding: policy.document.normalForm, as: UTF8.self).contains(#""approval":{"timeout":"30m""#))
    }

    @Test func anExplanationNamesTheApproval() throws {
        let explained = try policy(document).explain(try call("pay", modest), now: .start)
        #expect(explained.verdict.verdict == .hold)
        let step = explained.steps.first { $0.rule == "/tools/pay/approval" }
        #expect(step?.outcome == .decides && step?.why == ["a person has to approve it"])
    }
}
