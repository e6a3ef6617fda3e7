import Events
import Policy
import Simulation
import StrictJSON
import Testing

@testable import Replay

/// A proposed policy refuses no benign call of the log that it was made from.
struct RecommendTests {
    private func observed(_ records: [(Timestamp, Record.Body)]) -> ObservedUse {
        var use = ObservedUse()
        for (seq, (time, body)) in records.enumerated() {
            use.observe(Record(seq: UInt64(seq), timestamp: time, body: body))
        }
        return use
    }

    private static let months: [(seed: UInt64, calls: Int, scenario: Scenario)] = [
        (1, 12_000, .runaway), (2, 12_000, .runaway), (3, 12_000, .fleet), (4, 12_000, .fleet), (5, 6000, .quiet),
        (6, 40_000, .fleet),
    ]

    /// By the simulation's own labels, not by the findings that the proposal goes by.
    @Test(arguments: months.indices) func noBenignCallOfASimulatedMonthIsRefused(_ index: Int) throws {
        let (seed, calls, scenario) = Self.months[index]
        let month = try Month(seed: seed, calls: calls, scenario)
        let proposal = try Recommender.propose(from: observed(month.records))
        let policy = CompiledPolicy(proposal.document, name: "proposed", digest: Digest64(1))
        var counters = LimitCounters()
        var (benign, refused, runaway) = (0, 0, 0)
        for (time, body) in month.records {
            guard case .decision(let decision) = body, let tool = decision.tool else { continue }
            let call = Call(tool: tool, arguments: nil, in: .init(), caller: Caller(decision))
            let verdict = policy.decide(call, counters: &counters, now: time)
            guard decision.verdict == .allow else { continue }
            if month.isIncident(decision, at: time) {
                if verdict.verdict != .allow { runaway += 1 }
            } else {
                benign += 1
                if verdict.verdict != .allow { refused += 1 }
            }
        }
        #expect(refused == 0 && benign > calls / 2, "\(refused) of \(benign)")
        // The limits are not so wide that they would stop nothing.
        if scenario != .quiet { #expect(runaway > 0) }
        #expect(proposal.evidence.reduce(0) { $0 + $1.denied } > 0 || scenario == .quiet)
    }

    @Test func limitsFollowTheUseAndRefusedToolsAreLeftOut() throws {
        let rules = try policy(#"{"version":"1","default":"deny","tools":{"t":{}}}"#)
        var gateway = PaperGateway()
        // Two calls in each of 2,000 minutes, and once seven within a few seconds.
        for minute in 0..<2000 {
            let start = Double(minute) * 60
            for second in [0.0, 30.0] { try gateway.call("t", under: rules, at: .after(start + second)) }
            if minute == 700 {
                for more in 1...5 { try gateway.call("t", under: rules, at: .after(start + 30 + Double(more))) }
            }
        }
        try gateway.call("never", under: rules, at: .after(200_000))
        let proposal = try Recommender.propose(from: observed(gateway.records))
        let minute = try #require(proposal.evidence.first { $0.counter == "per-minute" })
        #expect((minute.windows, minute.percentile, minute.largest, minute.maximum) == (2000, 2, 8, 8))
        let hour = try #require(proposal.evidence.first { $0.counter == "per-hour" })
        #expect(hour.percentile >= 120 && hour.maximum == (hour.percentile * 3 + 1) / 2 && hour.denied == 0)
        #expect(hour.scope == .grant && hour.calls == 4005 && hour.callers == 1)
        #expect(proposal.leftOut == [.init(tool: "never", attempts: 1, why: "it was only ever refused")])
        #expect(proposal.document.tools.map(\.name) == ["t"] && proposal.document.byDefault == .deny)
        #expect(String(decoding: proposal.document.normalForm, as: UTF8.self).contains(#""max":8"#))
    }

    @Test func withoutGrantsLimitsCountAgentsAndStrangersAreLetThrough() throws {
        let rules = try policy(#"{"version":"1","default":"allow"}"#)
        var gateway = PaperGateway()
        for second in 0..<20 { try gateway.call("t", grant: nil, under: rules, at: .after(Double(second))) }
        try gateway.call("odd \"name\"\\", grant: nil, under: rules, at: .after(30))
        let proposal = try Recommender.propose(from: observed(gateway.records))
        #expect(Set(proposal.evidence.map(\.scope)) == [.agent])
        #expect(proposal.document.tools.map(\.name) == ["odd \"name\"\\", "t"])
        #expect(proposal.evidence.allSatisfy { $0.denied == 0 && $0.raisedFrom == nil })
    }

    @Test func nothingSeenIsAPolicyThatDeniesAll() throws {
        let proposal = try Recommender.propose(from: ObservedUse())
        #expect(proposal.document.tools.isEmpty && proposal.document.byDefault == .deny && proposal.calls == 0)
    }
}
