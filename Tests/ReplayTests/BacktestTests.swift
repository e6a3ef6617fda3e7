import Events
import Policy
import Simulation
import Testing

@testable import Replay

/// A candidate in the recorded policy's place: what the log says, and no guess.
struct BacktestTests {
    /// What becomes of calls that `recorded` decided, under `candidate`.
    private func backtest(
        _ recorded: String?, _ candidate: String, _ calls: [(tool: String, arguments: String?)],
        gap: Double = 1, since: Double? = nil
    ) throws -> BacktestReport {
        let rules = try recorded.map { try policy($0) }
        var gateway = PaperGateway()
        gateway.start(rules.map { [$0] } ?? [], at: .start)
        for (index, call) in calls.enumerated() {
            try gateway.call(call.tool, call.arguments, under: rules, at: .after(Double(index) * gap))
        }
        let folder = try TemporaryLog()
        try folder.write(gateway.records)
        if let rules { try folder.keep(rules) }
        let begin = since.map { Timestamp.after($0) }
        return try Backtester(try policy(candidate), against: folder.log, since: begin).run()
    }

    private func rules(_ tool: String) -> String {
        #"{"version":"1","default":"deny","tools":{"t":\#(tool)}}"#
    }

    private func denies(_ op: String, _ value: Int, _ more: String = "") -> String {
        rules(#"{"deny_if":[{"conditions":[{"path":"args.a","op":"\#(op)","value":\#(value)}]}]\#(more)}"#)
    }

    private let amounts = [1, 4, 6, 9].map { ("t", #"{"a":\#($0)}"#) as (tool: String, arguments: String?) }

    @Test func aMonthsOwnPolicyChangesNothing() throws {
        let month = try Month(seed: 5, calls: 6000, .fleet)
        let folder = try TemporaryLog()
        try folder.write(month.records)
        try folder.keep(month.policy)
        let report = try Backtester(month.policy, against: folder.log).run()
        #expect((report.calls, report.unchanged, report.unknown) == (6000, 6000, 0))
        #expect(report.rows.isEmpty && report.gaps.isEmpty && report.notThePolicys > 0)
    }

    @Test func onlyTheCallsThatACandidateWouldHaveDecidedAreCompared() throws {
        let rules = try policy(self.rules("{}"))
        var gateway = PaperGateway()
        gateway.start([rules], at: .start)
        for index in 0..<9 {
            let grant = index % 3 == 0 ? "mine" : "other"
            try gateway.call("t", #"{"a":1}"#, by: grant, grant: grant, under: rules, at: .after(Double(index)))
        }
        let folder = try TemporaryLog()
        try folder.write(gateway.records)
        try folder.keep(rules)
        // Calls of others do not fill the candidate's limit either.
        let limit = #"{"limits":[{"counter":"c","window":"minute","max":2,"scope":"global"}]}"#
        let report = try Backtester(try policy(self.rules(limit)), against: folder.log) { $0.grant == "mine" }.run()
        #expect((report.calls, report.newlyDenied, report.unchanged) == (3, 1, 2))
        #expect(Set(report.rows.map(\.agent)) == ["mine"])
    }

    @Test func withoutItsPolicyAConditionOfTheMonthIsUnknown() throws {
        let month = try Month(seed: 5, calls: 6000, .fleet)
        let folder = try TemporaryLog()
        try folder.write(month.records)
        let report = try Backtester(month.policy, against: folder.log).run()
        let rule = "/tools/create_refund/deny_if/args.amount-gt"
        #expect(report.gaps.map(\.rule) == [rule] && report.unknown > 0)
        #expect(report.gaps.first?.calls == report.gaps.first?.of)
        #expect(Set(report.rows.map(\.change)) == [.unknown] && Set(report.rows.map(\.tool)) == ["create_refund"])
    }

    @Test func theSameConditionTakesItsFactFromTheRecord() throws {
        // Under another name, behind another rule, for all tools: the look at the argument is the same.
        let candidate = #"""
            {"version":"1","default":"deny","tools":{"t":{"limits":[{"counter":"c","window":"hour","max":1,"scope":"grant"}]}},
             "all_tools":{"deny_if":[{"name":"n","conditions":[{"path":"args.a","op":"gt","value":5}]}]}}
            """#
        let report = try backtest(denies("gt", 5), candidate, amounts)
        #expect((report.unchanged, report.newlyDenied, report.unknown) == (3, 1, 0))
        #expect(report.rows.map(\.rule) == ["/tools/t/limits/c"] && report.gaps.isEmpty)
        #expect(report.rows.first?.agent == "a" && report.rows.first?.tool == "t")
    }

    @Test func anotherConditionIsUnknownUnlessTheArgumentWasRecorded() throws {
        var report = try backtest(denies("gt", 5), denies("gt", 3), amounts)
        #expect((report.unchanged, report.unknown, report.calls) == (0, 4, 4))
        #expect(report.gaps == [.init(rule: "/tools/t/deny_if/args.a-gt", calls: 4, of: 4)])

        // The recorded policy compared it as a number, so that is what the recorded text spells.
        report = try backtest(denies("gt", 5, #","record":["args.a"]"#), denies("gt", 3), amounts)
        #expect((report.unchanged, report.newlyDenied, report.newlyAllowed, report.unknown) == (3, 1, 0, 0))
        report = try backtest(denies("gt", 5, #","record":["args.a"]"#), denies("gt", 8), amounts)
        #expect((report.unchanged, report.newlyAllowed, report.unknown) == (3, 1, 0))
        #expect(report.rows.map(\.rule) == ["/tools/t/deny_if/args.a-gt"])
    }

    @Test func aTextThatCanBeANumberOrAStringIsNotGuessed() throws {
        let open = rules(#"{"record":["args.a"]}"#)
        // 2 as a number passes, "2" as a string is denied; 9 is denied either way.
        let report = try backtest(
            open, denies("gt", 5), [("t", #"{"a":2}"#), ("t", #"{"a":9}"#), ("t", #"{"a":"x"}"#)])
        #expect((report.unknown, report.newlyDenied, report.unchanged) == (1, 2, 0))
    }

    @Test func anArgumentThatWasCutIsUnknown() throws {
        let long = String(repeating: "x", count: 300)
        let candidate = rules(
            #"{"deny_if":[{"conditions":[{"path":"args.a","op":"contains","value":"y"}]}]}"#)
        let report = try backtest(
            rules(#"{"record":["args.a"]}"#), candidate, [("t", #"{"a":"\#(long)"}"#), ("t", #"{"a":"xyz"}"#)])
        #expect((report.unknown, report.newlyDenied) == (1, 1))
    }

    @Test func anAbsentArgumentIsKnownFromTheKeys() throws {
        let candidate = rules(
            #"{"require":[{"conditions":[{"path":"args.reason","op":"exists","value":true}]}]}"#)
        let calls: [(tool: String, arguments: String?)] = [
            ("t", #"{"a":1}"#), ("t", #"{"Reason":1}"#), ("t", #"{"reason":1}"#),
        ]
        let report = try backtest(rules("{}"), candidate, calls)
        #expect((report.newlyDenied, report.unknown) == (1, 2))
        #expect(report.gaps == [.init(rule: "/tools/t/require/args.reason-exists", calls: 2, of: 3)])
    }

    /// What is unknown counts in the limits of one of the two ends only: what they make of a later call is unknown, too.
    @Test func whatHangsOnUnknownCallsIsUnknownToo() throws {
        let candidate = rules(
            #"""
            {"deny_if":[{"conditions":[{"path":"args.a","op":"gt","value":3}]}],
             "limits":[{"counter":"c","window":"hour","max":2,"scope":"grant"}]}
            """#)
        let calls: [(tool: String, arguments: String?)] = [
            ("t", #"{"a":1}"#), ("t", #"{"a":1}"#), ("t", "{}"), ("t", "{}"), ("t", "{}"),
        ]
        let report = try backtest(rules("{}"), candidate, calls)
        // Of the last three, at one end none passes, at the other the first two.
        #expect((report.unknown, report.newlyDenied, report.calls) == (4, 1, 5))
    }

    @Test func costsComeFromTheRecord() throws {
        let counting = { (maximum: Int) in
            self.rules(
                #"{"limits":[{"counter":"c","window":"hour","max":\#(maximum),"scope":"grant","increment_from":"args.a"}]}"#
            )
        }
        var report = try backtest(counting(100), counting(12), amounts)
        #expect((report.newlyDenied, report.unchanged, report.unknown) == (1, 3, 0))
        report = try backtest(rules("{}"), counting(12), amounts)
        #expect((report.unknown, report.gaps.map(\.rule)) == (4, ["/tools/t/limits/c"]))
    }

    @Test func limitsKnowWhatWasBeforeTheSpan() throws {
        let limit = rules(#"{"limits":[{"counter":"c","window":"minute","max":3,"scope":"grant"}]}"#)
        let report = try backtest(nil, limit, amounts + amounts, since: 4)
        #expect((report.calls, report.newlyDenied) == (4, 4))
        #expect(report.first == .after(4))
    }

    @Test func whatWasRefusedAndWouldPassIsToldByTheRuleThatRefused() throws {
        let report = try backtest(rules("{}"), #"{"version":"1","default":"allow"}"#, [("x", nil), ("t", nil)])
        #expect((report.newlyAllowed, report.unchanged) == (1, 1))
        #expect(report.rows == [.init(change: .newlyAllowed, agent: "a", tool: "x", rule: "(default deny)", calls: 1)])
    }

    @Test func whatWasGivenBackDoesNotCount() throws {
        let limited = try policy(rules(#"{"limits":[{"counter":"c","window":"hour","max":9,"scope":"grant"}]}"#))
        let stricter = try policy(rules(#"{"limits":[{"counter":"c","window":"hour","max":2,"scope":"grant"}]}"#))
        for (sent, denied) in [(false, 0), (true, 2)] {
            var gateway = PaperGateway()
            gateway.start([limited], at: .start)
            for second in 0..<4 {
                let seq = gateway.seq
                try gateway.call("t", under: limited, at: .after(Double(second)))
                gateway.end(seq, sent: sent, at: .after(Double(second) + 0.5))
            }
            let folder = try TemporaryLog()
            try folder.write(gateway.records)
            try folder.keep(limited)
            #expect(try Backtester(stricter, against: folder.log).run().newlyDenied == denied)
        }
    }
}
