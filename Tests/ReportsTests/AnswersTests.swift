import Events
import Terminal
import Testing
import Warehouse

@testable import Reports

@Suite("Rates, denials, alerts")
struct AnswersTests {
    private func period(_ store: WarehouseStore) throws -> Period {
        try ReportWindow.resolve(
            since: SampleFleet.moment("2026-11-16T00:00:00Z"), until: SampleFleet.moment("2026-11-23T00:00:00Z"),
            in: store)
    }

    @Test func ratesEqualTheWeeklyReports() throws {
        let made = try Sample.made.get()
        let rates = try RatesReport.make(from: made.store, in: period(made.store))
        #expect(rates.agents.map(\.counts) == made.report.agents.map(\.counts))
        #expect(rates.agents.map(\.callsByDay) == made.report.agents.map(\.callsByDay))
        #expect(rates.tools.reduce(0) { $0 + $1.counts.calls } == rates.counts.calls)
    }

    @Test func aFilterNarrowsEveryFigure() throws {
        let made = try Sample.made.get()
        let filter = CallFilter(agent: "ci-builder", server: "ecs", tool: "build_and_push_image_to_ecr")
        let rates = try RatesReport.make(from: made.store, in: period(made.store), where: filter)
        let calls = Recount(made.records, from: made.report.period.from.timestamp, to: made.report.period.to.timestamp)
            .of(agent: "ci-builder").filter { $0.decision.tool == "build_and_push_image_to_ecr" }
        #expect(rates.agents.map(\.agent) == ["ci-builder"])
        #expect(rates.counts.calls == calls.count)
        #expect(rates.tools.map(\.tool) == ["build_and_push_image_to_ecr"])
        let denials = try DenialsReport.make(
            from: made.store, in: period(made.store), where: CallFilter(agent: "support-triage"))
        #expect(denials.denials.byAgent.map(\.agent) == ["support-triage"])
        #expect(
            denials.denials.persistent.isEmpty && denials.denials.retries.isEmpty && denials.denials.refusals.isEmpty)
    }

    @Test func alertsSayWhatStillFires() throws {
        let made = try Sample.made.get()
        let alerts = try AlertsReport.make(from: made.store, in: period(made.store))
        #expect(alerts.firing == 0)
        #expect(alerts.alerts.map(\.state) == ["resolved"])
        #expect(
            try AlertsReport.make(from: made.store, in: period(made.store), where: CallFilter(agent: "x")).alerts
                .isEmpty)
    }

    @Test func theWindowIsSevenDaysUpToTheLastRecord() throws {
        let store = try Sample.made.get().store
        let window = try ReportWindow.resolve(since: nil, until: nil, in: store)
        #expect(window.to == SampleFleet.moment("2026-11-23T01:00:00.000001Z"))
        #expect(window.microseconds == 7 * 86_400_000_000)
        let error = #expect(throws: ReportError.self) {
            try ReportWindow.resolve(since: window.to, until: window.from, in: store)
        }
        #expect(error?.exitCode == 2)
    }

    @Test func csvHoldsEveryAgentExactly() throws {
        let made = try Sample.made.get()
        let lines = try RatesReport.make(from: made.store, in: period(made.store)).rendered(as: .csv).split(
            separator: "\r\n")
        #expect(lines.count == made.report.agents.count + 1)
        let first = try #require(made.report.agents.first)
        #expect(lines[1].hasPrefix("\(first.name),\(first.counts.calls),\(first.counts.allowed),"))
    }

    @Test(arguments: ["rates", "denials", "alerts"])
    func textStaysAsItIs(name: String) throws {
        let store = try Sample.made.get().store
        let period = try period(store)
        let report: any Report =
            switch name {
            case "rates": try RatesReport.make(from: store, in: period)
            case "denials": try DenialsReport.make(from: store, in: period)
            default: try AlertsReport.make(from: store, in: period)
            }
        try Golden.expect(report.rendered(as: .text, width: 120, palette: .none), "\(name).txt")
        try Golden.expect(report.json(), "\(name).json")
    }
}

@Suite("The weekly report's forms")
struct WeeklyGoldenTests {
    @Test func textMarkdownAndFiguresStayAsTheyAre() throws {
        let report = try Sample.made.get().report
        try Golden.expect(report.rendered(as: .text, width: 120, palette: .none), "weekly.txt")
        try Golden.expect(report.rendered(as: .markdown), "weekly.md")
        try Golden.expect(report.json(), "weekly.json")
    }
}
