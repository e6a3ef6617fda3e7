import Events
import Testing

@testable import Terminal

@Suite("TopModel")
struct TopModelTests {
    @Test func callsAreCountedByAgentAndTool() throws {
        let fixture = TopFixture()
        let builds = try #require(fixture.row("ci-builder", "build"))
        #expect((builds.lastMinute, builds.counts.calls, builds.counts.denied) == (30, 30, 0))
        let push = try #require(fixture.row("ci-builder", "push"))
        #expect((push.lastMinute, push.counts.denied, push.why) == (1, 1, "deny_if"))
        let agents = fixture.model.rows(.agents, at: fixture.now, minutes: 5)
        #expect(agents.map { [$0.lastMinute, $0.partners] }.sorted { $0[0] > $1[0] } == [[31, 2], [3, 1]])
        #expect(fixture.model.total(at: fixture.now, minutes: 5)?.lastMinute == 34)
    }

    @Test func theLastMinuteRunsOutAndTheHourTakesItsRowAlong() throws {
        var fixture = TopFixture()
        fixture.update(at: 73)
        #expect(fixture.row("ci-builder", "build")?.lastMinute == 2)
        fixture.update(at: 100)
        let quiet = try #require(fixture.row("ci-builder", "build"))
        #expect((quiet.lastMinute, quiet.counts.calls) == (0, 30))
        fixture.update(at: 3_700)
        #expect(fixture.row("ci-builder", "build") == nil)
    }

    @Test func countsGoBackSoManyMinutes() {
        var fixture = TopFixture(busy: false)
        for minute in 0..<60 { fixture.call("a", "t", at: Double(minute) * 60 + 1) }
        fixture.update(at: 59 * 60 + 2)
        let calls = TopScreen.windows.map { minutes in
            fixture.model.rows(.pairs, at: fixture.now, minutes: minutes).first?.counts.calls
        }
        #expect(calls == [5, 15, 60])
    }

    @Test func whatIsOnlyObservedIsNotDenied() throws {
        var fixture = TopFixture(busy: false)
        fixture.call("a", "t", at: 0, verdict: .deny) { $0.mode = .shadow }
        fixture.call("a", "t", at: 1, verdict: .throttle)
        fixture.update(at: 2)
        let row = try #require(fixture.row("a", "t"))
        #expect((row.counts.calls, row.counts.denied, row.counts.throttled) == (2, 0, 1))
    }

    @Test func aHeldCallThatIsReleasedIsOneCallAndARecordOfManyIsMany() throws {
        var fixture = TopFixture(busy: false)
        fixture.call("a", "t", at: 0, verdict: .hold)
        fixture.call("a", "t", at: 1, verdict: .deny, reason: .approvalDenied) { $0.of = 0 }
        fixture.call(nil, nil, at: 2, verdict: .deny, reason: .identityUnresolved) { $0.coalesced = 200 }
        fixture.update(at: 3)
        let held = try #require(fixture.row("a", "t"))
        #expect((held.lastMinute, held.counts.calls, held.counts.denied) == (1, 1, 1))
        let strangers = try #require(fixture.row(nil, "tools/list"))
        #expect((strangers.lastMinute, strangers.counts.denied) == (200, 200))
        #expect(strangers.subject.tool?.isTool == false)
    }

    @Test func errorsAreThoseOfTheReportsAndDurationsThoseOfAnswers() throws {
        var fixture = TopFixture(busy: false)
        for ending in Ending.allCases {
            let took = ending == .cancelled ? 3_600_000_000 : 2_000
            fixture.call("a", "t", at: 0, took: took, ending: ending)
        }
        fixture.update(at: 1)
        let row = try #require(fixture.row("a", "t"))
        #expect((row.counts.errors, row.p95) == (6, 2_000))
    }

    @Test func thePercentileIsThatOfTheNewestAnswersInOrder() {
        var random = SplitMix(seed: 5)
        var durations = RecentDurations()
        var all: [Int64] = []
        for _ in 0..<500 {
            all.append(Int64(random.next() % 40))
            durations.add(microseconds: all[all.count - 1])
            let newest = all.suffix(RecentDurations.kept).sorted()
            #expect(durations.p95 == newest[(newest.count * 95 + 99) / 100 - 1], "seed 5")
        }
    }

    @Test func timesUsualNeedsAUsualAndMoreThanOneCall() throws {
        var fixture = TopFixture(busy: false)
        for call in 0..<60 { fixture.call("a", "t", at: Double(call) * 60) }
        for call in 0..<8 { fixture.call("a", "t", at: 3_600 + Double(call) * 5) }
        fixture.call("b", "t", at: 3_600)
        fixture.update(at: 3_640)
        let times = try #require(fixture.row("a", "t")?.times)
        #expect(times > 6 && times < 9)
        #expect(fixture.row("b", "t")?.times == nil)
    }

    @Test func outcomesEndTheCallTheyBelongTo() {
        var fixture = TopFixture(busy: false)
        for call in 0..<40 {
            let ending: Ending = call == 39 ? .timeout : .ok
            fixture.call("a", "t", at: Double(call), arguments: UInt64(call), took: 84_000, ending: ending)
        }
        let calls = fixture.model.calls("a", TopTool(server: "ecs", name: "t"))
        #expect(calls.count == RecentCalls.kept)
        #expect(calls.map(\.id.seq) == (0..<32).map { UInt64(78 - 2 * $0) })
        #expect(calls.prefix(2).map(\.ended) == ["timeout 84 ms", "84 ms"])
    }

    @Test func holesGapsAndUnreadableLinesAreLost() {
        var fixture = TopFixture(busy: false)
        fixture.observe(0, .control(Control(.gap).with(.n, 12)))
        fixture.model.observe(TailEntry(log: 0, missing: 5..<8, before: Fixture.start))
        fixture.model.observe(TailEntry(log: 0, seq: 9, bytes: Array("{torn".utf8), after: Fixture.start))
        fixture.update(at: 1)
        #expect(fixture.model.lost == 16)
        #expect(fixture.shown().contains("16 records lost"))
    }

    @Test func inventedNamesDoNotGrowTheMemory() {
        var fixture = TopFixture(busy: false)
        for call in 0..<9_000 { fixture.call("agent\(call)", "tool\(call)", at: Double(call) / 10) }
        fixture.update(at: 900)
        for place in [TopPlace.pairs, .agents, .tools] {
            #expect(fixture.model.rows(place, at: fixture.now, minutes: 5).count <= TopModel.maximumSubjects)
        }
        #expect(fixture.row("agent8999", "tool8999")?.lastMinute == 1)
        #expect(fixture.model.forgotten >= 9_000 - TopModel.maximumSubjects)
        #expect(fixture.shown(200).contains("silent pairs left out"))
    }
}
