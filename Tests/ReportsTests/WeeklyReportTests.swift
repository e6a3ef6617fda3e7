import Events
import Terminal
import Testing
import Warehouse

@testable import Reports

@Suite("Weekly report")
struct WeeklyReportTests {
    private func sample() throws -> Sample.Made { try Sample.made.get() }

    private func recount(_ made: Sample.Made) -> Recount {
        Recount(made.records, from: made.report.period.from.timestamp, to: made.report.period.to.timestamp)
    }

    @Test func theLastCompleteWeekIsChosen() throws {
        let report = try sample().report
        #expect(report.period.week == "2026-W47")
        #expect(!report.period.isPartial)
    }

    @Test func totalsEqualARecountOfTheRecords() throws {
        let made = try sample()
        let counts = made.report.totals.counts
        let calls = recount(made).calls
        #expect(counts.calls == calls.count)
        #expect(counts.denied == calls.filter { $0.isStopped && $0.decision.verdict == .deny }.count)
        #expect(counts.throttled == calls.filter { $0.isStopped && $0.decision.verdict == .throttle }.count)
        #expect(counts.wouldHaveStopped == calls.filter { $0.decision.mode == .shadow }.count)
        #expect(counts.errors == calls.filter(\.isError).count)
        #expect(made.report.totals.agents == Set(calls.map(\.decision.agent)).count)
        #expect(made.report.totals.tools == Set(calls.map { "\($0.decision.server)/\($0.decision.tool ?? "")" }).count)
        #expect(made.report.totals.peakMinute?.calls == Recount.peak(calls))
    }

    @Test func eachAgentsFiguresEqualARecount() throws {
        let made = try sample()
        let recount = recount(made)
        for agent in made.report.agents {
            let calls = recount.of(agent: agent.agent)
            #expect(agent.counts.calls == calls.count)
            #expect(agent.counts.stopped == calls.filter(\.isStopped).count)
            #expect(agent.counts.errors == calls.filter(\.isError).count)
            #expect(agent.activeHours == Set(calls.map(\.hour)).count)
            #expect(agent.peakMinute?.calls == Recount.peak(calls))
            #expect(agent.tools.count == Set(calls.compactMap(\.decision.tool)).count)
            let first = (calls.map(\.day).min() ?? 0) / 7 * 7
            #expect(agent.callsByDay.reduce(0, +) == calls.count, "days from \(first)")
        }
        #expect(made.report.agents.reduce(0) { $0 + $1.counts.calls } == recount.calls.count)
    }

    @Test func daysHoursAndDenialsEqualARecount() throws {
        let made = try sample()
        let calls = recount(made).calls
        let monday = Int(made.report.period.from.timestamp.microseconds / 3_600_000_000)
        var hours = [Int](repeating: 0, count: 168)
        for call in calls { hours[call.hour - monday] += 1 }
        #expect(made.report.hours.calls == hours)
        #expect(
            made.report.days.map(\.counts.calls) == (0..<7).map { day in hours[day * 24..<day * 24 + 24].reduce(0, +) })
        for rule in made.report.denials.byRule {
            let same = calls.filter {
                $0.decision.verdict != .allow && $0.decision.rule == rule.rule && $0.decision.mode.rawValue == rule.mode
            }
            #expect(rule.calls == same.count)
        }
        let stopped = calls.filter(\.isStopped).count
        #expect(made.report.denials.byReason.reduce(0) { $0 + $1.calls } == stopped)
        #expect(made.report.denials.byTool.reduce(0) { $0 + $1.calls } == stopped)
        #expect(made.report.denials.byAgent.reduce(0) { $0 + $1.calls } == stopped)
        #expect(
            made.report.highRisk.reduce(0) { $0 + $1.callsByDay.reduce(0, +) }
                == calls.filter { [.execute, .destructive, .financial].contains($0.decision.risk) }.count)
    }

    @Test func bothRunawaysAreNamedAndOnlyThePagedOneSaysPaged() throws {
        let incidents = try sample().report.incidents.filter { $0.severity == "page" }
        #expect(incidents.map(\.agent) == ["docs-crawler", "ci-builder"])
        let crawl = try #require(incidents.first)
        let build = try #require(incidents.last)
        #expect(crawl.calls == 412)
        #expect(crawl.stopped == 0)
        #expect(crawl.alerts.isEmpty)
        #expect(crawl.policy?.contains("\"fetch_rate\"") == true)
        #expect(build.calls == 221)
        #expect(build.page?.id == "a3f09c2e51b7d604")
        #expect(build.policy == nil)
        #expect(build.timeline.map { $0.passed.reduce(0, +) + $0.stopped.reduce(0, +) } == 221)
    }

    @Test func theVerdictNamesThem() throws {
        let report = try sample().report
        let length = report.incidents.map { Words.duration(microseconds: $0.end.timestamp.since($0.start.timestamp)) }
        #expect(
            report.verdict == """
                2 runaway agents: docs-crawler called fetch 412 times in \(length[0]), none of them stopped; ci-builder called \
                build_and_push_image_to_ecr 221 times in \(length[1]), \(report.incidents[1].stopped) of them stopped.
                """)
    }

    @Test func aQuietWeekSaysSo() throws {
        var options = WeeklyOptions()
        options.week = ISOWeek("2026-W46")
        let report = try WeeklyReport.make(from: sample().store, options: options)
        #expect(report.verdict.hasPrefix("No runaway agent: "))
        #expect(report.totals.previous != nil)
        #expect(report.agents.contains { $0.previousCalls != nil })
    }

    @Test func theRunningWeekIsPartialAndComparedWithTheSameSpan() throws {
        let file = TemporaryFile()
        let store = try WarehouseStore(creating: file.path)
        let end = SampleFleet.moment("2026-11-18T14:00:00Z")
        let records = try sample().records.filter { $0.timestamp < end }
        try store.loader().load(records: records, of: LogKey(origin: "g", epoch: 1, name: "g", kind: "gateway"))
        var options = WeeklyOptions()
        options.week = Sample.week
        let report = try WeeklyReport.make(from: store, options: options)
        let last = try #require(records.last?.timestamp)
        #expect(report.period.isPartial)
        #expect(report.period.to.timestamp == last.advanced(by: 1))
        let before = Recount(
            records, from: SampleFleet.moment("2026-11-09T00:00:00Z"), to: last.advanced(by: 1 - 7 * 86_400_000_000))
        #expect(report.totals.previous?.counts.calls == before.calls.count)
        #expect(report.days.map(\.isAhead) == [false, false, false, true, true, true, true])
        #expect(try report.rendered(as: .text).contains("partial: the week is not over"))
        #expect(try WeeklyReport.make(from: store).period.week == "2026-W46")
    }

    @Test func aLogWithoutACompleteWeekGivesTheRunningOne() throws {
        let file = TemporaryFile()
        let store = try WarehouseStore(creating: file.path)
        let records = try sample().records.prefix(500)
        try store.loader().load(records: Array(records), of: LogKey(origin: "g", epoch: 1, name: "g", kind: "gateway"))
        let report = try WeeklyReport.make(from: store)
        #expect(report.period.week == "2026-W44")
        #expect(report.period.isPartial)
        #expect(report.totals.previous == nil)
    }

    @Test func theSameWarehouseGivesTheSameBytes() throws {
        let made = try sample()
        let again = try WeeklyReport.make(from: made.store, options: Sample.options)
        for format in ReportFormat.allCases where format != .csv {
            #expect(try again.rendered(as: format) == made.report.rendered(as: format), "\(format)")
        }
    }

    @Test func theSameLogLoadedTwiceGivesTheSameBytes() throws {
        let records = Array(try sample().records.prefix(2_000))
        let files = [TemporaryFile(), TemporaryFile()]
        let texts = try files.map { file in
            let store = try WarehouseStore(creating: file.path)
            try store.loader().load(records: records, of: LogKey(origin: "g", epoch: 1, name: "g", kind: "gateway"))
            return try WeeklyReport.make(from: store).rendered(as: .html)
        }
        #expect(texts[0] == texts[1])
    }

    @Test func theTimeOfMakingIsTheLastRecordsUnlessGiven() throws {
        let made = try sample()
        #expect(made.report.generatedAt.timestamp == made.records.last?.timestamp)
        var options = WeeklyOptions()
        options.generatedAt = SampleFleet.moment("2027-01-01T00:00:00Z")
        #expect(try WeeklyReport.make(from: made.store, options: options).generatedAt.timestamp == options.generatedAt)
    }

    @Test func anEmptyWarehouseHasNoReport() throws {
        let file = TemporaryFile()
        let store = try WarehouseStore(creating: file.path)
        let error = #expect(throws: ReportError.self) { try WeeklyReport.make(from: store) }
        #expect(error?.code == .noEvents)
        #expect(error?.hint == "tollgate ingest")
    }

    @Test func aHoleInTheLogIsSaidFirst() throws {
        var report = Sample.filled(with: "x")
        report.incidents = []
        report.coverage.share = 0.9981
        report.coverage.lost = 5
        let text = try report.rendered(as: .text).split { $0 == " " || $0 == "\n" }.joined(separator: " ")
        #expect(text.contains("But the log has holes: read every figure as a lower bound."))
        #expect(text.contains("Coverage 99.810 %, 1 gap: 0 records of 1 log; 5 were never written."))
    }
}
