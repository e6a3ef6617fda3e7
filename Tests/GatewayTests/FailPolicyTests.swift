import AuditLog
import Events
import Testing

@testable import Gateway

/// Which calls may go on without a durable record, and how a configuration says so.
struct FailPolicyTests {
    private func decision(_ risk: Risk?, unlisted: Bool = false) -> Decision {
        var decision = Decision(
            gateway: "g", identity: .grant, server: "s", transport: .http, method: "tools/call", verdict: .allow,
            mode: .enforce, reason: .allowed)
        decision.risk = risk
        decision.unlisted = unlisted
        return decision
    }

    @Test func withoutConfigurationNothingGoesOn() {
        for risk in Risk.allCases { #expect(!FailPolicy().mayHold(decision(risk))) }
        #expect(FailPolicy().hold == nil)
    }

    @Test func onlyTheClassesThatWereChosenGoOnAndNoOthersCanBe() {
        var policy = FailPolicy()
        policy.boundsReads = true
        #expect(Risk.allCases.filter { policy.mayHold(decision($0)) } == [.read])
        policy.boundsWrites = true
        #expect(Risk.allCases.filter { policy.mayHold(decision($0)) } == [.read, .write])
        #expect(!policy.mayHold(decision(nil)))
        #expect(!policy.mayHold(decision(.read, unlisted: true)), "the caller made its name up")
    }

    @Test func theConfigurationsBoundsAreTheLogs() throws {
        let fields = #""audit_failure":{"read":"bounded","events":7,"duration":"1500ms"}"#
        let text = #"{"servers":{"a":{"url":"http://x/mcp"}},"# + fields + "}"
        let policy = try #require(ConfigurationFixture.read(text).configuration).auditFailure
        #expect(policy.boundsReads && !policy.boundsWrites)
        #expect(policy.hold == LogHold(events: 7, milliseconds: 1500))
    }

    @Test(arguments: [
        (#"{"execute":"bounded"}"#, "/audit_failure/execute", ConfigurationProblem.Code.unsupported, String?.none),
        (#"{"reads":"bounded"}"#, "/audit_failure/reads", .unknownField, "read"),
        (#"{"read":"bound"}"#, "/audit_failure/read", .unknownValue, "bounded"),
        (#"{"read":"bounded","events":0}"#, "/audit_failure/events", .outOfRange, nil),
        (#"{"read":"bounded","duration":"2h"}"#, "/audit_failure/duration", .outOfRange, nil),
    ])
    func mistakesAreTold(fields: String, pointer: String, code: ConfigurationProblem.Code, nearest: String?) throws {
        let problems = ConfigurationFixture.problems(#""audit_failure":"# + fields)
        let problem = try #require(problems.first)
        #expect(problems.count == 1 && problem.pointer == pointer && problem.code == code, "\(problems)")
        #expect(problem.suggestion == nearest)
    }
}
