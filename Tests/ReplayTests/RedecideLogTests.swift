import AuditLog
import Events
import Foundation
import Policy
import Replay
import Simulation
import Testing

/// Every verdict of a log recomputes from the log alone, and one that does not is named.
struct RedecideLogTests {
    @Test(arguments: [1, 2, 3] as [UInt64]) func everyVerdictOfASimulatedMonthRecomputes(_ seed: UInt64) throws {
        let month = try Month(seed: seed, calls: 8000, .fleet)
        let folder = try TemporaryLog()
        try folder.write(month.records)
        try folder.keep(month.policy)
        let found = try LogRedecider(folder.log).run()
        #expect(found.first == nil, "\(found.first.map(\.description) ?? "")")
        #expect((found.recomputed, found.judged) == (8000, 8000))
        #expect(found.records == month.records.count)
        let others = month.records.count { record in
            if case .decision(let decision) = record.1 { decision.tool == nil } else { false }
        }
        #expect(others > 0 && found.notThePolicys == others && found.unjudged == 0 && found.isWhole)
    }

    @Test func theFirstFlippedVerdictIsNamedBySeq() throws {
        var month = try Month(seed: 4, calls: 4000, .runaway)
        let place = try #require(
            month.records.firstIndex { record in
                if case .decision(let decision) = record.1 { decision.reason == .limit } else { false }
            })
        guard case .decision(var decision) = month.records[place].1 else { return }
        let rule = decision.rule
        (decision.verdict, decision.reason, decision.rule) = (.allow, .allowed, nil)
        (decision.message, decision.retryAfterMilliseconds) = (nil, nil)
        month.records[place].1 = .decision(decision)
        let folder = try TemporaryLog()
        try folder.write(month.records)
        try folder.keep(month.policy)
        let found = try LogRedecider(folder.log).run()
        #expect((found.different, found.recomputed) == (1, 3999))
        #expect(found.first?.seq == UInt64(place) && found.first?.recorded == .allow)
        #expect(found.first?.recomputed == .throttle && found.first?.recomputedRule == rule)
        #expect(found.first?.fields == ["decision", "reason", "rule", "message", "retry_after_ms"])
    }

    static let first = #"""
        {"version":"1","default":"deny","all_tools":{"limits":[{"counter":"all","window":"minute","max":60,"scope":"agent"}]},
         "tools":{"t":{"limits":[{"counter":"m","window":"minute","max":5,"scope":"grant"}]},
          "u":{"deny_if":[{"conditions":[{"path":"args.a","op":"gt","value":5}]}],
           "limits":[{"counter":"sum","window":600,"max":50,"scope":"grant","increment_from":"args.a"}]},
          "w":{"limits":[{"counter":"w","window":"minute","max":40,"scope":"grant"},
           {"counter":"f","window":"minute","max":60,"scope":"server","algorithm":"fixed"}]}}}
        """#
    static let second = first.replacingOccurrences(of: #""max":5,"#, with: #""max":3,"#)
    /// Another window is another counter: a reload begins it empty, a restart counts in it what the log tells.
    static let third = second.replacingOccurrences(
        of: #""counter":"m","window":"minute""#, with: #""counter":"m","window":600"#)
    static let other = first.replacingOccurrences(of: #""window":"minute","max":40"#, with: #""window":300,"max":70"#)

    /// Reloads, rollbacks, restarts, two policies at once, limits that are exact and coarse.
    private static func life(_ seed: UInt64) throws -> (gateway: PaperGateway, policies: [CompiledPolicy]) {
        var random = SeededGenerator(seed: seed)
        var rules = try policy(first)
        let changed = try policy(second)
        let restarted = try policy(third)
        let beside = try policy(other, name: "q")
        var gateway = PaperGateway()
        var now = Timestamp.start
        gateway.start([rules, beside], at: now)
        for step in 0..<1200 {
            let pause: Int64 = [0, 1, 20_000, 400_000, 1_500_000].randomElement(using: &random) ?? 0
            now = now.advanced(by: step % 400 == 399 ? 90_000_000 : pause)
            if step == 300 {
                rules = changed
                gateway.load(rules, at: now)
            }
            if step == 900 { rules = restarted }
            if step == 700 || step == 701 || step == 900 { gateway.start([rules, beside], at: now) }
            let seq = gateway.seq
            let tool = ["t", "u", "w", "w", "w", "x"].randomElement(using: &random) ?? "t"
            let arguments = [nil, "{}", #"{"a":3}"#, #"{"a":7}"#, #"{"a":"3"}"#].randomElement(using: &random)
            let verdict = try gateway.call(
                tool, arguments ?? nil, by: Bool.random(using: &random) ? "a" : "b",
                grant: ["g", "h", nil].randomElement(using: &random) ?? nil,
                under: Int.random(in: 0..<4, using: &random) == 0 ? beside : rules, at: now)
            guard verdict.verdict == .allow, Int.random(in: 0..<10, using: &random) > 0 else { continue }
            now = now.advanced(by: 1000)
            gateway.end(seq, sent: Int.random(in: 0..<4, using: &random) > 0, at: now)
        }
        return (gateway, [try policy(first), changed, restarted, beside])
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>) func reloadsRollbacksAndRestartsAreFollowed(_ seed: UInt64) throws {
        let (gateway, policies) = try Self.life(seed)
        let folder = try TemporaryLog()
        try folder.write(gateway.records)
        for policy in policies { try folder.keep(policy) }
        let found = try LogRedecider(folder.log).run()
        #expect(found.first == nil, "\(found.first.map(\.description) ?? "")")
        #expect((found.recomputed, found.judged) == (1200, 1200))
        var reasons: Set<Reason> = []
        for case .decision(let decision) in gateway.records.map(\.1) { reasons.insert(decision.reason) }
        #expect(reasons == [.allowed, .defaultDeny, .denyIf, .typeMismatch, .limit])
    }

    /// What the replay follows matters: without it, it comes to other verdicts.
    @Test func withoutRollbacksOrRestartsTheLogDoesNotRecompute() throws {
        let (gateway, policies) = try Self.life(1)
        for leftOut in ["rollbacks", "restarts"] {
            let records = gateway.records.map { time, body -> (Timestamp, Record.Body) in
                switch body {
                case .outcome(var outcome) where leftOut == "rollbacks" && outcome.reservation == .rolledBack:
                    outcome.reservation = .committed
                    return (time, .outcome(outcome))
                case .control(let control) where leftOut == "restarts" && control.event == .logOpen:
                    return (time, .control(Control(.heartbeat)))
                default: return (time, body)
                }
            }
            let folder = try TemporaryLog()
            try folder.write(records)
            for policy in policies { try folder.keep(policy) }
            let found = try LogRedecider(folder.log).run()
            #expect(found.different > 0, "\(leftOut)")
            #expect(found.judged == 1200)
        }
    }

    @Test func aPolicyThatIsNotKeptOrIsAnotherOneIsNamed() throws {
        let (gateway, policies) = try Self.life(2)
        let folder = try TemporaryLog()
        try folder.write(gateway.records)
        for policy in policies.dropFirst() { try folder.keep(policy) }
        var found = try LogRedecider(folder.log).run()
        #expect(Set(found.withoutPolicy.keys) == [policies[0].digest] && !found.isWhole)
        // Another policy under its name is as good as none.
        try Data(policies[1].document.normalForm).write(
            to: URL(fileURLWithPath: "\(folder.log.policiesPath)/\(policies[0].digest).json"))
        found = try LogRedecider(folder.log).run()
        #expect(Set(found.withoutPolicy.keys) == [policies[0].digest])
        try folder.keep(policies[0])
        found = try LogRedecider(folder.log).run()
        #expect(found.withoutPolicy.isEmpty && found.isWhole)
    }

    @Test(arguments: [1, 2, 3] as [UInt64]) func whatHangsOnRecordsThatAreGoneIsNotJudged(_ seed: UInt64) throws {
        let (gateway, policies) = try Self.life(seed)
        let folder = try TemporaryLog()
        try folder.write(gateway.records, segmentBytes: 8 << 10)
        for policy in policies { try folder.keep(policy) }
        let segments = try folder.log.segments(on: PosixFileSystem())
        #expect(segments.count > 3)
        for first in segments.prefix(segments.count / 3) {
            try FileManager.default.removeItem(atPath: folder.log.segmentPath(first))
        }
        let found = try LogRedecider(folder.log).run()
        #expect(found.first == nil, "\(found.first.map(\.description) ?? "")")
        #expect(found.unjudged > 50 && found.recomputed > 100)
        #expect(found.description.contains("\(found.unjudged) could not be judged"))
    }

    @Test func whatNoPolicyDecidedIsCountedApart() throws {
        var gateway = PaperGateway()
        let rules = try policy(Self.first)
        gateway.start([rules], at: .start)
        try gateway.call("t", under: rules, at: .start)
        try gateway.call("t", under: nil, at: .start)
        for reason in [Reason.malformed, .batch, .session, .grantRevoked, .overloaded] {
            var decision = Decision(
                gateway: "gw", identity: .grant, server: "s", transport: .http, method: "tools/call", verdict: .deny,
                mode: .enforce, reason: reason)
            decision.tool = reason == .overloaded ? "t" : nil
            decision.coalesced = 7
            gateway.write(.decision(decision), at: .start)
        }
        let folder = try TemporaryLog()
        try folder.write(gateway.records)
        try folder.keep(rules)
        let found = try LogRedecider(folder.log).run()
        #expect(found.description == "1 of 1 verdicts recompute; 6 decisions are not the policy's")
    }

    @Test func holdsAndWhatPeopleReleaseRecomputeAndCountWhenReleased() throws {
        let rules = try policy(
            #"""
            {"version":"1","default":"deny","tools":{"t":{"approval":{"timeout":"30m","on_timeout":"deny"},
             "limits":[{"counter":"c","window":"hour","max":2,"scope":"grant"}]}}}
            """#)
        var gateway = PaperGateway()
        gateway.start([rules], at: .start)
        var verdicts: [Verdict] = []
        let holds = (0..<4).map { gateway.seq + UInt64($0) }
        for second in 0..<4 { verdicts.append(try gateway.call("t", under: rules, at: .after(Double(second))).verdict) }
        for (place, hold) in holds.dropLast().enumerated() {
            let time = Timestamp.after(10 + Double(place))
            verdicts.append(try gateway.call("t", under: rules, approving: hold, at: time).verdict)
        }
        // A person refuses the last one: that is no policy's.
        guard case .decision(var refused) = gateway.records[Int(holds[3])].1 else { return }
        (refused.verdict, refused.reason, refused.of) = (.deny, .approvalDenied, holds[3])
        gateway.write(.decision(refused), at: .after(20))
        verdicts.append(try gateway.call("t", under: rules, at: .after(21)).verdict)
        #expect(verdicts == [.hold, .hold, .hold, .hold, .allow, .allow, .throttle, .throttle])
        let folder = try TemporaryLog()
        try folder.write(gateway.records)
        try folder.keep(rules)
        let found = try LogRedecider(folder.log).run()
        #expect(found.description == "8 of 8 verdicts recompute; 1 decisions are not the policy's")
        let report = try Backtester(rules, against: folder.log).run()
        #expect((report.approvals, report.calls, report.unchanged) == (4, 4, 4))
    }
}
