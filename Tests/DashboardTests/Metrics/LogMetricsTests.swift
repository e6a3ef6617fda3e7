import Events
import Testing

@testable import Dashboard

@Suite struct LogMetricsTests {
    @Test func decisionsAreCountedByWhatTheySay() {
        var records = MetricRecords()
        for _ in 0..<3 { records.call("build") }
        records.call("build", .throttle, .limit)
        records.call("build", .deny, .denyIf, mode: .shadow)
        records.call("list", agent: nil, .deny, .identityUnresolved)
        records.call(nil, method: "tools/list")
        let scrape = Scrape(records.metrics)
        let build = "tollgate_decisions_total{server=\"ecs\",tool=\"build\","
        #expect(scrape[build + "decision=\"allow\",reason=\"allowed\",mode=\"enforce\"}"] == 3)
        #expect(scrape[build + "decision=\"throttle\",reason=\"limit\",mode=\"enforce\"}"] == 1)
        #expect(scrape[build + "decision=\"deny\",reason=\"deny_if\",mode=\"shadow\"}"] == 1)
        #expect(scrape["tollgate_calls_total{decision=\"allow\",mode=\"enforce\"}"] == 3)
        #expect(scrape["tollgate_calls_total{decision=\"hold\",mode=\"enforce\"}"] == 0, "there from the start")
        #expect(scrape.sum("tollgate_calls_total") == 6 && scrape.count("tollgate_calls_total") == 8)
        #expect(scrape.sum("tollgate_decisions_total") == 6 && scrape.sum("tollgate_agent_calls_total") == 6)
        #expect(
            scrape["tollgate_agent_calls_total{agent=\"(unresolved)\",decision=\"deny\",mode=\"enforce\"}"] == 1)
        #expect(
            scrape[
                "tollgate_other_requests_total{server=\"ecs\",method=\"tools/list\",decision=\"allow\",reason=\"allowed\"}"
            ] == 1)
        #expect(scrape["tollgate_log_records_total{log=\"gateway\",kind=\"decision\"}"] == 7)
    }

    @Test func namesThatACallerMadeUpTakeNoPlace() {
        var records = MetricRecords()
        for number in 0..<5000 { records.call("made-up-\(number)", .deny, .defaultDeny, unlisted: true) }
        records.call("passes", unlisted: true)
        let scrape = Scrape(records.metrics)
        #expect(scrape.count("tollgate_decisions_total") == 2)
        #expect(
            scrape[
                "tollgate_decisions_total{server=\"ecs\",tool=\"(unlisted)\",decision=\"deny\",reason=\"default_deny\","
                    + "mode=\"enforce\"}"] == 5000)
        #expect(scrape["tollgate_metrics_folded_total{label=\"tool\"}"] == 0)
    }

    @Test func whoComesTooLateIsCountedTogether() {
        var limits = MetricLimits()
        limits.agents = 2
        limits.tools = 2
        limits.timedTools = 1
        limits.logs = 1
        var records = MetricRecords(limits: limits)
        for number in 0..<10 {
            records.call("tool-\(number)", agent: "agent-\(number)")
            records.outcome("tool-\(number)", microseconds: 1000)
        }
        records.call("tool-0", agent: "agent-1")
        records.add(.control(Control(.heartbeat)), log: "another")
        let scrape = Scrape(records.metrics)
        #expect(scrape.count("tollgate_agent_calls_total") == 3 && scrape.sum("tollgate_agent_calls_total") == 11)
        #expect(scrape["tollgate_agent_calls_total{agent=\"(other)\",decision=\"allow\",mode=\"enforce\"}"] == 8)
        #expect(scrape.count("tollgate_decisions_total") == 3 && scrape.sum("tollgate_decisions_total") == 11)
        #expect(scrape.count("tollgate_upstream_duration_seconds_count") == 2)
        #expect(scrape["tollgate_upstream_duration_seconds_count{server=\"ecs\",tool=\"(other)\"}"] == 9)
        #expect(scrape["tollgate_metrics_folded_total{label=\"agent\"}"] == 8)
        #expect(scrape["tollgate_metrics_folded_total{label=\"timed_tool\"}"] == 9)
        #expect(scrape["tollgate_metrics_label_names{label=\"agent\"}"] == 2)
        #expect(scrape["tollgate_metrics_label_limit{label=\"agent\"}"] == 2)
        #expect(scrape["tollgate_log_records_total{log=\"(other)\",kind=\"control\"}"] == 1)
    }

    @Test func durationsStandInSecondsBelowTheirBounds() {
        var records = MetricRecords()
        records.outcome("build", microseconds: 5000)
        records.outcome("build", .toolError, microseconds: 400_000_000)
        records.outcome("build", .unanswered)
        let scrape = Scrape(records.metrics)
        let name = "tollgate_upstream_duration_seconds"
        let labels = "server=\"ecs\",tool=\"build\""
        #expect(scrape["\(name)_bucket{\(labels),le=\"0.005\"}"] == 1)
        #expect(scrape["\(name)_bucket{\(labels),le=\"300\"}"] == 1)
        #expect(scrape["\(name)_bucket{\(labels),le=\"+Inf\"}"] == 2)
        #expect(scrape["\(name)_sum{\(labels)}"] == 400.005 && scrape["\(name)_count{\(labels)}"] == 2)
        #expect(scrape["tollgate_gateway_duration_seconds_bucket{server=\"ecs\",le=\"0.0005\"}"] == 2)
        #expect(scrape["tollgate_outcomes_total{server=\"ecs\",tool=\"build\",outcome=\"unanswered\"}"] == 1)
    }

    @Test func whatALogLostIsCounted() {
        var records = MetricRecords()
        records.call("build")
        #expect(
            Scrape(records.metrics)["tollgate_log_gaps_total{log=\"gateway\"}"] == 0, "so that the first is an increase"
        )
        records.add(.control(Control(.gap).with(.n, 12).with(.reason, "fdatasync failed")))
        records.add(.control(Control(.gap).with(.from, 10).with(.to, 14)))
        for _ in 0..<2 { records.metrics.observe(nil, log: "gateway") }
        records.metrics.noteMissing(3..<6, log: "gateway")
        records.metrics.noteMissing(1..<3, log: "gateway")
        let scrape = Scrape(records.metrics)
        #expect(scrape["tollgate_log_gaps_total{log=\"gateway\"}"] == 2)
        #expect(scrape["tollgate_log_lost_records_total{log=\"gateway\"}"] == 17)
        #expect(scrape["tollgate_log_unreadable_lines_total{log=\"gateway\"}"] == 2)
        #expect(
            scrape["tollgate_log_missing_records_total{log=\"gateway\"}"] == 3, "what was read before is not missing")
        #expect(scrape["tollgate_control_records_total{event=\"gap\"}"] == 2)
    }

    @Test func whatWasBeforeTheProcessBeginsAtNothing() {
        var metrics = LogMetrics(since: MetricRecords.since.advanced(by: 1000))
        var records = MetricRecords()
        records.call("build")
        records.outcome("build", microseconds: 10)
        records.outcome("build", microseconds: 10)
        records.alert("a", "loop", "firing")
        // The same records once more, by another counter that began between the first and the second.
        for record in records.added { metrics.observe(record.record, log: record.log) }
        let scrape = Scrape(metrics)
        #expect(scrape.count("tollgate_decisions_total") == 1 && scrape.sum("tollgate_decisions_total") == 0)
        #expect(scrape.sum("tollgate_outcomes_total") == 2 && scrape.sum("tollgate_agent_calls_total") == 0)
        #expect(scrape.sum("tollgate_log_records_total") == 3)
        #expect(scrape.sum("tollgate_alerts_open") == 1)
        let again = metrics
        for record in records.added { metrics.observe(record.record, log: record.log) }
        #expect(Scrape(metrics).values == Scrape(again).values, "a log that is opened anew is not counted twice")
    }

    @Test func refusalsThatWereRecordedAsNumbersCountAsMany() {
        var records = MetricRecords()
        records.add(.control(Control(.refused).with(.n, 40).with(.reason, "identity_unresolved")))
        records.add(.control(Control(.refused).with(.n, 2).with(.reason, "what is this")))
        var alike = Decision(
            gateway: "gw", identity: .unresolved, server: "-", transport: .http, method: "-", verdict: .deny,
            mode: .enforce, reason: .identityUnresolved)
        alike.coalesced = 5
        records.add(.decision(alike))
        let scrape = Scrape(records.metrics)
        #expect(scrape["tollgate_refused_requests_total{reason=\"identity_unresolved\"}"] == 45)
        #expect(scrape.sum("tollgate_refused_requests_total") == 45 && scrape.sum("tollgate_other_requests_total") == 0)
    }
}
