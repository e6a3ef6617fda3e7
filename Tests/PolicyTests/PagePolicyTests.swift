import Events
import Policy
import Testing

/// The policy of the product's page, word for word.
struct PagePolicyTests {
    static let text =
        #"{"version":"1","default":"deny","tools":{"build_and_push_image_to_ecr":{"limits":[{"counter":"build_and_push_image_to_ecr_rate","window":"minute","max":10,"scope":"grant"}]}}}"#
    private let tool = "build_and_push_image_to_ecr"
    private let rule = "/tools/build_and_push_image_to_ecr/limits/build_and_push_image_to_ecr_rate"

    @Test func theTextIsItsOwnNormalForm() throws {
        #expect(String(decoding: try document(Self.text).normalForm, as: UTF8.self) == Self.text)
    }

    @Test func tenCallsPassAndTheEleventhIsThrottled() throws {
        let policy = try policy(Self.text)
        var counters = LimitCounters()
        for number in 1...10 {
            let verdict = policy.decide(
                try call(tool, "{}"), counters: &counters, now: .after(Double(number)))
            #expect(verdict.verdict == .allow)
            #expect(verdict.reason == .allowed)
            #expect(verdict.limit?.used == number)
            #expect(verdict.passes)
        }
        let verdict = policy.decide(try call(tool, "{}"), counters: &counters, now: .after(38))
        #expect(verdict.verdict == .throttle)
        #expect(verdict.reason == .limit)
        #expect(verdict.rule == rule)
        #expect(!verdict.passes)
        #expect(
            verdict.limit
                == LimitReading(counter: "build_and_push_image_to_ecr_rate", windowSeconds: 60, maximum: 10, used: 10))
        #expect(verdict.retryAfterMilliseconds == 23_000)
        #expect(
            verdict.callerText(tool: tool)
                == "[POLICY DENIED] Rate limit: build_and_push_image_to_ecr allows 10 calls per minute for this grant. Retry after 23 s."
        )
        #expect(
            verdict.message == "Rate limit: build_and_push_image_to_ecr allows no more per minute for this grant.")
    }

    @Test func everyOtherToolIsDenied() throws {
        let policy = try policy(Self.text)
        for name in ["delete_app", "Build_and_push_image_to_ecr", "build_and_push_image_to_ecr ", "", "tools"] {
            let verdict = try policy.decide(name)
            #expect(verdict.verdict == .deny)
            #expect(verdict.reason == .defaultDeny)
            #expect(verdict.rule == "(default deny)")
            #expect(policy.standing(ofTool: name) == .unlisted)
        }
        #expect(policy.standing(ofTool: tool) == .open)
        #expect(policy.longestWindow == 60_000_000)
        #expect(policy.ruleIDs(ofTool: tool) == [rule])
    }

    @Test func ofAThousandCallsAtOneInstantTenPass() throws {
        let policy = try policy(Self.text)
        var counters = LimitCounters()
        let one = try call(tool, "{}")
        let passed = (0..<1000).count { _ in policy.decide(one, counters: &counters, now: .start).passes }
        #expect(passed == 10)
    }

    @Test func tenCallsRestoredFromTheLogLeaveNoRoomForTheEleventh() throws {
        let policy = try policy(Self.text)
        var counters = LimitCounters()
        for second in 0..<10 {
            let reservation = Reservation(tool: tool, caller: .ci, cost: nil, at: .after(Double(second)))
            counters.restore(reservation, under: policy)
        }
        let verdict = policy.decide(try call(tool, "{}"), counters: &counters, now: .after(30))
        #expect(verdict.verdict == .throttle)
        #expect(verdict.rule == rule)
        #expect(verdict.retryAfterMilliseconds == 30_000)
    }

    @Test func theVerdictGoesIntoTheRecordAsItIs() throws {
        var decision = Decision(
            gateway: "gw", identity: .grant, server: "ecs", transport: .http, method: "tools/call", verdict: .deny,
            mode: .shadow, reason: .internal)
        let verdict = try policy(Self.text, name: "builders").decide(tool, "{}")
        verdict.write(to: &decision)
        #expect(decision.verdict == .allow)
        #expect(decision.mode == .enforce)
        #expect(decision.reason == .allowed)
        #expect(decision.policy == "builders")
        #expect(decision.policyDigest == Digest64(0x0123_4567_89AB_CDEF))
        #expect(decision.limit?.used == 1)
        #expect(decision.facts == nil)
    }
}
