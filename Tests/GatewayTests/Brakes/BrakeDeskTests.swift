import AuditLog
import Events
import Foundation
import Policy
import StrictJSON
import Testing

@testable import Gateway

/// Brakes stop one agent's calls of one tool, are in the log before they hold, and end.
struct BrakeDeskTests {
    /// A gateway's log, decider and desk, as one process has them.
    private final class Fixture {
        let clock: GatewayClock
        let folder: String
        let log: LogWriter
        let decider = Decider()
        let desk: BrakeDesk
        let policy: CompiledPolicy

        static let braking =
            #"{"version":"1","default":"allow","brake":{"on":["runaway"],"action":"throttle","cooldown":"15m"}}"#

        init(_ text: String = braking, clock: GatewayClock = GatewayClock(), folder: String? = nil) throws {
            let policy = PolicyLoader.compile(try PolicyDocument(parsing: Array(text.utf8)), name: "p")
            self.policy = policy
            self.clock = clock
            self.folder = folder ?? NSTemporaryDirectory() + "/" + UUID().uuidString
            var options = LogOptions()
            options.writesOwnRecords = false
            log = try LogWriter.open(LogDirectory(path: self.folder), options: options, clock: clock)
            desk = BrakeDesk(log: log, clock: clock, decider: decider) { agent, server in
                agent == "stranger" || server != "s" ? nil : [policy]
            }
            let history = try LogHistory(
                log.log, recovery: log.recovery, now: clock.now(), longestWindow: policy.longestWindow,
                longestApproval: policy.longestApproval, longestBrake: policy.longestBrake)
            desk.restore(history.brakes)
        }

        /// Ends this process and begins the next one on the same log.
        func restarted(_ text: String = braking) throws -> Fixture {
            try log.close()
            return try Fixture(text, clock: clock, folder: folder)
        }

        func ask(_ action: ControlRequest.Action, _ fields: [String: String]) -> ControlReply {
            var request = ControlRequest(action, fields.sorted { $0.key < $1.key }.map { ($0.key, .text($0.value)) })
            request.user = "ada"
            return desk.answer(request) ?? .refused("not about brakes")
        }

        func page(_ rule: String = "loop", alert: String = "a1", agent: String = "bob", tool: String = "t")
            -> ControlReply
        {
            ask(
                .brake,
                ["agent": agent, "server": "s", "tool": tool, "rule": rule, "alert": alert, "why": "7 calls in 6 s"])
        }

        func decide(agent: String? = "bob", tool: String = "t", server: String = "s") -> Decision {
            var decision = Decision(
                gateway: "g", identity: .grant, server: server, transport: .http, method: "tools/call", verdict: .deny,
                mode: .enforce, reason: .internal)
            (decision.agent, decision.tool) = (agent, tool)
            let caller = Caller(agent: agent, grant: nil, session: nil, server: server)
            let call = Call(tool: tool, arguments: nil, in: JSONTree(), caller: caller)
            _ = decider.settle(&decision, call, under: policy, in: log, clock)
            return decision
        }

        func controls() throws -> [Control] {
            var found: [Control] = []
            let reader = try LogReader(log.log)
            while let block = try reader.nextBlock() {
                block.forEachLine { _, line in
                    if let record = try? Record(utf8: line), case .control(let control) = record.body {
                        found.append(control)
                    }
                }
            }
            return found.filter { $0.event == .brake || $0.event == .brakeLifted }
        }
    }

    @Test func aPageBrakesItsAgentAndToolAndNobodyElse() throws {
        let gateway = try Fixture()
        #expect(gateway.decide().verdict == .allow)
        let reply = gateway.page()
        #expect(reply.isDone && reply["state"]?.text == "on")
        gateway.clock.advance(seconds: 60)
        let braked = gateway.decide()
        #expect(braked.verdict == .throttle && braked.reason == .brake && braked.rule == "/brake/loop")
        #expect(braked.retryAfterMilliseconds == 840_000)
        #expect(gateway.decide(agent: "eve").verdict == .allow)
        #expect(gateway.decide(tool: "u").verdict == .allow)
        #expect(gateway.decide(server: "r").verdict == .allow)
        #expect(gateway.decide(agent: nil).verdict == .allow)
    }

    @Test func theRecordSaysWhoWhatWhyAndUntilWhen() throws {
        let gateway = try Fixture()
        _ = gateway.page()
        let control = try #require(try gateway.controls().first)
        #expect(control.event == .brake)
        #expect(
            ["agent", "server", "tool", "policy", "id", "rule", "state", "summary", "by"].map { name in
                Control.Key(rawValue: name).flatMap { control.text($0) }
            } == ["bob", "s", "t", "p", "a1", "loop", "throttle", "7 calls in 6 s", "watch"])
        #expect(control.number(.cooldown) == 900)
        #expect(control.text(.to) == gateway.clock.now().advanced(by: 900_000_000).description)
    }

    @Test func itEndsByItselfAndTheLogSaysSo() throws {
        let gateway = try Fixture()
        _ = gateway.page()
        gateway.clock.advance(seconds: 899)
        gateway.desk.endCooledDown()
        #expect(gateway.decide().reason == .brake)
        gateway.clock.advance(seconds: 1)
        #expect(gateway.decide().verdict == .allow)
        gateway.desk.endCooledDown()
        gateway.desk.endCooledDown()
        #expect(gateway.ask(.brakes, [:])["brakes"]?.list == [])
        try gateway.log.close()
        let ends = try gateway.controls().filter { $0.event == .brakeLifted }
        #expect(ends.map { $0.text(.state) } == ["expired"] && ends.first?.text(.by) == nil)
    }

    @Test func aRenewedPageExtendsItUnderItsName() throws {
        let gateway = try Fixture()
        let first = gateway.page()["brake"]?["id"]?.text
        gateway.clock.advance(seconds: 600)
        let again = gateway.page(alert: "a2")
        #expect(first != nil && again["brake"]?["id"]?.text == first)
        gateway.clock.advance(seconds: 600)
        #expect(gateway.decide().retryAfterMilliseconds == 300_000)
        #expect(try gateway.restarted().decide().retryAfterMilliseconds == 300_000)
    }

    @Test func aRestartKeepsItAndAnEndWhileNothingRanIsTold() throws {
        let gateway = try Fixture()
        _ = gateway.page()
        gateway.clock.advance(seconds: 100)
        let second = try gateway.restarted()
        #expect(second.decide().retryAfterMilliseconds == 800_000)
        #expect(second.decide(agent: "eve").verdict == .allow)
        second.clock.advance(seconds: 5000)
        let third = try second.restarted()
        #expect(third.decide().verdict == .allow)
        try third.log.close()
        #expect(try third.controls().last?.text(.state) == "expired")
    }

    @Test(arguments: [true, false]) func whatAPersonLiftedStaysLiftedForThatAlert(_ byAlert: Bool) throws {
        let gateway = try Fixture()
        let id = try #require(gateway.page()["brake"]?["id"]?.text)
        let reply = gateway.ask(.brakeLift, ["id": byAlert ? "a1" : id, "why": "fixed"])
        #expect(reply["lifted"]?.list?.count == 1)
        #expect(gateway.decide().verdict == .allow)
        #expect(gateway.ask(.brakeLift, ["id": id]).refusal != nil)
        #expect(gateway.page()["state"]?.text == "off")
        let lifted = try #require(try gateway.controls().last)
        #expect(lifted.event == .brakeLifted && lifted.text(.by) == "ada" && lifted.text(.reason) == "fixed")
        #expect(lifted.text(.state) == "lifted" && lifted.text(.firstRecord) == id)
        let second = try gateway.restarted()
        #expect(second.decide().verdict == .allow)
        #expect(second.page()["state"]?.text == "off")
        #expect(second.page(alert: "a2")["state"]?.text == "on")
        #expect(second.decide().reason == .brake)
    }

    @Test func liftingItLiftsItForEveryAlertThatPutItOn() throws {
        let gateway = try Fixture()
        _ = gateway.page()
        _ = gateway.page("cap", alert: "a2")
        var next = try gateway.restarted()
        #expect(next.ask(.brakeLift, ["id": "a1"])["lifted"]?.list?.count == 1)
        for _ in 1...2 {
            #expect(next.page("cap", alert: "a2")["state"]?.text == "off")
            #expect(next.page(alert: "a1")["state"]?.text == "off")
            #expect(next.decide().verdict == .allow)
            next = try next.restarted()
        }
    }

    @Test func withoutABrakeForItThePolicyDoesNothingAndSaysSo() throws {
        let gateway = try Fixture()
        let other = gateway.page("novelty")
        #expect(other.isDone && other["state"]?.text == "off")
        #expect(other["why"]?.text == "the policy 'p' has no brake for novelty")
        let open = try Fixture(#"{"version":"1","default":"allow"}"#)
        #expect(open.page()["state"]?.text == "off")
        #expect(open.decide().verdict == .allow)
        #expect(try open.controls().isEmpty)
    }

    @Test func aPersonsBrakeHoldsUnderEveryPolicy() throws {
        let gateway = try Fixture(#"{"version":"1","default":"allow"}"#)
        let fields = ["agent": "bob", "server": "s", "tool": "t"]
        #expect(gateway.ask(.brake, fields)["brake"]?["by"]?.text == "ada")
        let braked = gateway.decide()
        #expect(braked.verdict == .throttle && braked.rule == "/brake/manual")
        #expect(gateway.ask(.brake, fields.merging(["agent": "stranger"]) { $1 }).refusal != nil)
        #expect(gateway.ask(.brake, ["agent": "bob"]).refusal != nil)
        var long = ControlRequest(.brake, fields.map { ($0.key, .text($0.value)) } + [("seconds", .integer(3601))])
        long.user = "ada"
        #expect(gateway.desk.answer(long)?.refusal != nil)
    }

    @Test func whatCannotBeRecordedDoesNotHold() throws {
        let gateway = try Fixture()
        try gateway.log.close()
        #expect(gateway.page().refusal != nil)
        #expect(gateway.ask(.brakes, [:])["brakes"]?.list == [])
    }

    /// Under a policy without the brake any more, it does not hold; under the same one again, it does.
    @Test func theCallersPolicyOfNowDecides() throws {
        let gateway = try Fixture()
        _ = gateway.page()
        let open = try gateway.restarted(#"{"version":"1","default":"allow"}"#)
        #expect(open.decide().verdict == .allow)
        #expect(try open.restarted().decide().reason == .brake)
    }
}
