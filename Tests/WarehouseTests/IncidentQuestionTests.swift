import Events
import Testing

@testable import Warehouse

/// The questions about single calls rather than sums.
@Suite struct IncidentQuestionTests {
    private func forEachPeriod(_ body: (Fixture, Period, [NaiveCall], Comment) throws -> Void) throws {
        for seed: UInt64 in [51] {
            let fixture = try Fixture(seed: seed)
            for period in [Fixture.always] + fixture.periods(5) {
                try body(fixture, period, fixture.model.calls(in: period), "seed \(seed), \(period)")
            }
        }
    }

    private func pair(_ call: NaiveCall) -> [String] {
        [call.decision.agent ?? "", call.name.server, call.name.tool]
    }

    @Test func nearMissesAreCallsThatPassedNearTheirLimit() throws {
        try forEachPeriod { fixture, period, calls, comment in
            let misses = try fixture.store.nearMisses(in: period)
            let near = Dictionary(grouping: calls.filter(\.isNear), by: pair)
            #expect(misses.count == near.count, comment)
            for miss in misses {
                let calls = near[[miss.agent ?? "", miss.name.server, miss.name.tool]] ?? []
                #expect(miss.calls == calls.count, comment)
                #expect(miss.highest == calls.compactMap(\.decision.limit?.used).max(), comment)
                #expect(miss.last.microseconds == calls.map(\.timestamp).max(), comment)
                #expect((miss.counter, miss.windowSeconds, miss.maximum) == ("rate", 60, 10), comment)
            }
        }
    }

    @Test func persistentDenialsAreTheSameCallStoppedAgainAndAgain() throws {
        try forEachPeriod { fixture, period, calls, comment in
            for limit in [0, 2, 5] {
                let denials = try fixture.store.persistentDenials(in: period, moreThan: limit)
                let stopped = calls.filter { $0.isStopped && $0.decision.argumentDigest != nil }
                let same = Dictionary(grouping: stopped) { pair($0) + ["\($0.decision.argumentDigest?.value ?? 0)"] }
                #expect(denials.count == same.values.count { $0.count > limit }, comment)
                for denial in denials {
                    let key = [
                        denial.agent ?? "", denial.name.server, denial.name.tool,
                        "\(denial.argumentDigest?.value ?? 0)",
                    ]
                    let calls = same[key] ?? []
                    #expect(denial.calls == calls.count, comment)
                    #expect(denial.first.microseconds == calls.first?.timestamp, comment)
                    #expect(denial.last.microseconds == calls.last?.timestamp, comment)
                    let last = calls.last.map { "\(fixture.logs[$0.log].key.name)/\($0.seq)" }
                    #expect(denial.lastRecord.description == last, comment)
                }
            }
        }
    }

    @Test func retriesAreTheNextCallOfTheSameAgentAndTool() throws {
        try forEachPeriod { fixture, period, _, comment in
            let byPair = Dictionary(grouping: fixture.model.calls, by: pair)
            let retries = try fixture.store.retries(in: period)
            var expected: [[String]: [Int]] = [:]
            for (key, calls) in byPair {
                for (index, call) in calls.enumerated()
                where call.isStopped && call.decision.verdict == .throttle
                    && period.contains(Timestamp(microseconds: call.timestamp))
                {
                    expected[key, default: [0, 0, 0]][0] += 1
                    guard index + 1 < calls.count else { continue }
                    let wait = calls[index + 1].timestamp - call.timestamp
                    guard wait <= 3_600_000_000 else { continue }
                    expected[key, default: [0, 0, 0]][1] += 1
                    if let after = call.decision.retryAfterMilliseconds, wait < Int64(after) * 1000 {
                        expected[key, default: [0, 0, 0]][2] += 1
                    }
                }
            }
            let found = Dictionary(
                uniqueKeysWithValues: retries.map {
                    ([$0.agent ?? "", $0.name.server, $0.name.tool], [$0.throttles, $0.retried, $0.early])
                })
            #expect(found == expected, comment)
        }
    }

    @Test func firstUsesAreTheEarliestCallsOfEachPair() throws {
        try forEachPeriod { fixture, period, _, comment in
            let uses = try fixture.store.firstUses(in: period)
            let byPair = Dictionary(grouping: fixture.model.calls, by: pair)
            let byTool = Dictionary(grouping: fixture.model.calls) { [$0.name.server, $0.name.tool] }
            let firsts = byPair.values.compactMap { $0.map(\.timestamp).min() }
            #expect(uses.count == firsts.count { period.contains(Timestamp(microseconds: $0)) }, comment)
            #expect(uses.map(\.at) == uses.map(\.at).sorted(), comment)
            for use in uses {
                let calls = byPair[[use.agent ?? "", use.name.server, use.name.tool]] ?? []
                #expect(use.at.microseconds == calls.map(\.timestamp).min(), comment)
                let anyone = byTool[[use.name.server, use.name.tool]]?.map(\.timestamp).min()
                if use.byAnyone { #expect(use.at.microseconds == anyone, comment) }
            }
            if period == Fixture.always { #expect(uses.count { $0.byAnyone } == byTool.count, comment) }
        }
    }

    @Test func theStreamGivesEveryCallInOrderOfTime() throws {
        try forEachPeriod { fixture, period, calls, comment in
            for filter in [CallFilter.all, CallFilter(agent: "agent-1")] {
                var stream = fixture.store.calls(in: period, where: filter)
                var rows: [CallRow] = []
                while let row = try stream.next() { rows.append(row) }
                let expected = fixture.model.calls(in: period, where: filter)
                #expect(rows.count == expected.count, comment)
                #expect(Set(rows.map { "\($0.logID)/\($0.seq)" }).count == rows.count, comment)
                for log in 0..<fixture.logs.count {
                    let seqs = rows.filter { $0.logID == log }.map(\.seq)
                    #expect(seqs == seqs.sorted(), comment)
                }
                #expect(try stream.next() == nil)
            }
        }
    }

    @Test func refusalsAreTheOtherRequestsThatWereRefused() throws {
        try forEachPeriod { fixture, period, _, comment in
            let requests = fixture.model.requests.filter {
                period.contains(Timestamp(microseconds: $0.timestamp)) && $0.decision.verdict == .deny
            }
            let refusals = try fixture.store.refusals(in: period)
            let each = refusals.filter { !$0.coalesced }.reduce(0) { $0 + $1.n }
            #expect(each == requests.reduce(0) { $0 + ($1.decision.coalesced ?? 1) }, comment)
            #expect(refusals.allSatisfy { $0.reason == .malformed }, comment)
        }
    }
}
