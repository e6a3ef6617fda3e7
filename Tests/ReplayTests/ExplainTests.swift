import AuditLog
import Events
import Foundation
import Policy
import Replay
import StrictJSON
import Testing

/// What `tollgate explain` says of a decision: counted again here, from the calls that were made.
struct ExplainTests {
    private static let limited = """
        {"version":"1","default":"deny","hide":["secret"],
         "brake":{"on":["runaway"],"action":"throttle","cooldown":"15m"},
         "tools":{"t":{"limits":[{"counter":"m","window":"minute","max":3,"scope":"grant"},
                                 {"counter":"h","window":"hour","max":4,"scope":"grant"}]},
                  "pay":{"require":[{"conditions":[{"path":"args.why","op":"exists","value":true}]}],
                         "deny_if":[{"conditions":[{"path":"args.n","op":"gt","value":10}]}]}}}
        """

    /// A log of these calls, one a second.
    private func logged(
        _ calls: [(tool: String, arguments: String?, grant: String)], more: [(Double, Record.Body)] = []
    ) throws -> TemporaryLog {
        let policy = try policy(Self.limited)
        var gateway = PaperGateway()
        gateway.start([policy], at: .start)
        for (index, call) in calls.enumerated() {
            try gateway.call(call.tool, call.arguments, grant: call.grant, under: policy, at: .after(Double(index + 1)))
        }
        for (seconds, body) in more { gateway.write(body, at: .after(seconds)) }
        let log = try TemporaryLog()
        try log.write(gateway.records)
        try log.keep(policy)
        return log
    }

    /// The first two records are the start's; other grants' calls in between do not count.
    @Test func aThrottledCallNamesTheCallsThatTookItsLimit() throws {
        let calls = ["g", "h", "g", "g", "g"].map { (tool: "t", arguments: String?.none, grant: $0) }
        let log = try logged(calls)
        let explanation = try DecisionExplainer(6, of: log.log).explanation()
        #expect(explanation.subject == "log/6")
        #expect(
            explanation.sentence
                == "a's call of t on s was throttled by /tools/t/limits/m at 17:36:05.000: 3 of 3 in 60 s were used.")
        #expect(explanation.calls.map(\.seq) == [2, 4, 5])
        #expect(
            explanation.changes == [
                "At 17:37:01.000 the window would have had room.", "A maximum of 4 would have let it pass.",
                "Without /tools/t/limits/m it would have passed.",
            ])
        let chart = try #require(explanation.chart)
        #expect(chart.passed.reduce(0, +) == 4 && chart.stopped.reduce(0, +) == 1)
    }

    @Test func aSecondFullLimitIsNamed() throws {
        let calls = (1...4).map { _ in (tool: "t", arguments: String?.none, grant: "g") }
        let policy = try policy(
            Self.limited.replacingOccurrences(of: "\"max\":4", with: "\"max\":3"))
        var gateway = PaperGateway()
        gateway.start([policy], at: .start)
        for index in calls.indices { try gateway.call("t", under: policy, at: .after(Double(index + 1))) }
        let log = try TemporaryLog()
        try log.write(gateway.records)
        try log.keep(policy)
        let changes = try DecisionExplainer(5, of: log.log).explanation().changes
        #expect(changes.last == "Without /tools/t/limits/m /tools/t/limits/h would have stopped it.")
    }

    @Test func aRulesConditionsAreToldAndNoValueIs() throws {
        let log = try logged([(tool: "pay", arguments: #"{"why":"4242-secret","n":20}"#, grant: "g")])
        let explanation = try DecisionExplainer(2, of: log.log).explanation()
        #expect(explanation.parameters.contains { $0.name == "args.n gt" && $0.value == "holds" })
        #expect(
            explanation.changes == [
                "Without /tools/pay/deny_if/args.n-gt no further rule would have looked at it; its limits would have decided."
            ])
        #expect(!"\(explanation)".contains("4242"))
    }

    @Test func whatIsHiddenUnlistedOrAbsentIsTold() throws {
        let log = try logged([
            (tool: "secret", arguments: nil, grant: "g"), (tool: "other", arguments: nil, grant: "g"),
        ])
        #expect(try DecisionExplainer(2, of: log.log).explanation().changes.first?.contains("\"hide\"") == true)
        #expect(try DecisionExplainer(3, of: log.log).explanation().changes.first?.contains("\"tools\"") == true)
        #expect(throws: UnexplainedRecord.self) { try DecisionExplainer(0, of: log.log) }
        #expect(throws: UnexplainedRecord.self) { try DecisionExplainer(99, of: log.log) }
    }

    @Test func anAlertIsExplainedByItsLikeCalls() throws {
        let alert = Control(.alert).with(.agent, "a").with(.server, "s").with(.tool, "t").with(.id, "abc")
            .with(.rule, "cap").with(.severity, "page").with(.state, "firing").with(.reason, "raised")
            .with(.start, Timestamp.after(1).description).with(.from, Timestamp.after(4).description)
            .with(.firstRecord, "log/2").with(.lastRecord, "log/5").with(.attempts, 4).with(.denied, 1)
            .with(.maximum, 4).with(.threshold, 3).with(.summary, "4 calls in 3 s")
        let calls = (1...5).map { _ in (tool: "t", arguments: String?.none, grant: "g") }
        let brake = Control(.brake).with(.agent, "a").with(.server, "s").with(.tool, "t").with(.id, "abc")
            .with(.to, Timestamp.after(900).description)
        let log = try logged(calls, more: [(6, .control(brake)), (7, .control(alert))])
        let explanation = try AlertExplainer("abc", in: [log.log]).explanation()
        #expect(explanation.sentence == "page cap, firing: a → s/t: 4 calls in 3 s.")
        #expect(explanation.calls.map(\.seq) == [2, 3, 4, 5])
        #expect(explanation.chart.map { [$0.passed.reduce(0, +), $0.stopped.reduce(0, +)] } == [3, 1])
        #expect(explanation.changes.last?.hasPrefix("A brake was put on until") == true)
        #expect(throws: UnexplainedRecord.self) { try AlertExplainer("abd", in: [log.log]) }
    }
}
