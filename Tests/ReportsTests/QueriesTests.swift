import Events
import GRDB
import Testing
import Warehouse

@testable import Reports

/// The appendix's queries, run on the warehouse's own file, say what the report says.
@Suite("Queries of the appendix")
struct QueriesTests {
    private func rows(_ id: String) throws -> (report: WeeklyReport, rows: [Row]) {
        let made = try Sample.made.get()
        let queries = ReportQueries(made.report.period)
        let query = try #require(queries.all.first { $0.id == id })
        let rows = try open(made.file).read { try Row.fetchAll($0, sql: query.sql) }
        return (made.report, rows)
    }

    /// As a stranger's tool would: it waits while other tests' connections come and go.
    private func open(_ file: TemporaryFile) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(10)
        return try DatabaseQueue(path: file.path, configuration: configuration)
    }

    @Test func everyQueryRuns() throws {
        let made = try Sample.made.get()
        let queries = ReportQueries(made.report.period).all
        let database = try open(made.file)
        for query in queries {
            let rows = try database.read { try Row.fetchAll($0, sql: query.sql) }
            #expect(!rows.isEmpty, "\(query.id)")
        }
        #expect(Set(queries.map(\.id)).count == queries.count)
    }

    @Test func days() throws {
        let (report, rows) = try rows("days")
        #expect(rows.map { $0["calls"] as Int } == report.days.map(\.counts.calls))
        #expect(rows.map { $0["stopped"] as Int } == report.days.map(\.counts.stopped))
    }

    @Test func agents() throws {
        let (report, rows) = try rows("agents")
        for agent in report.agents {
            let row = try #require(rows.first { $0["agent"] as String? == agent.agent })
            #expect(row["calls"] as Int == agent.counts.calls)
            #expect(row["active_hours"] as Int == agent.activeHours)
            #expect(row["denied"] as Int == agent.counts.denied)
            #expect(row["throttled"] as Int == agent.counts.throttled)
            #expect(row["tools"] as Int == agent.tools.count)
        }
        #expect(rows.count == report.agents.count)
    }

    @Test func peaks() throws {
        let (report, rows) = try rows("peaks")
        for agent in report.agents {
            #expect(rows.first { $0["agent"] as String? == agent.agent }?["calls"] as Int? == agent.peakMinute?.calls)
        }
    }

    @Test func denials() throws {
        let report = try Sample.made.get().report
        #expect(try rows("denials-by-rule").rows.map { $0["calls"] as Int } == report.denials.byRule.map(\.calls))
        #expect(try rows("denials-by-reason").rows.map { $0["calls"] as Int } == report.denials.byReason.map(\.calls))
        #expect(try rows("denials-by-tool").rows.map { $0["calls"] as Int } == report.denials.byTool.map(\.calls))
        #expect(try rows("denials-by-agent").rows.map { $0["calls"] as Int } == report.denials.byAgent.map(\.calls))
        #expect(try rows("persistent").rows.map { $0["times"] as Int } == report.denials.persistent.map(\.calls))
    }

    @Test func nearMissesAndHighRisk() throws {
        let report = try Sample.made.get().report
        #expect(try rows("near-misses").rows.map { $0["calls"] as Int } == report.nearMisses.map(\.calls))
        let high = try rows("high-risk").rows
        for row in report.highRisk {
            let same = high.filter { $0["agent"] as String? == row.agent && $0["tool"] as String == row.tool }
            #expect(same.reduce(0) { $0 + ($1["calls"] as Int) } == row.callsByDay.reduce(0, +))
        }
    }

    @Test func hours() throws {
        let (report, rows) = try rows("hours")
        for row in rows {
            let day = try (#require(Int(row["weekday"] as String)) + 6) % 7
            let hour = try #require(Int(row["hour"] as String))
            #expect(report.hours.calls[day * 24 + hour] == row["calls"] as Int)
        }
        #expect(rows.count == report.hours.calls.filter { $0 > 0 }.count)
    }

    @Test func alertsAndCoverage() throws {
        let (report, rows) = try rows("alerts")
        #expect(rows.map { $0["id"] as String } == report.incidents.flatMap(\.alerts).map(\.id))
        #expect(try self.rows("coverage").rows.count == 2)
    }
}
