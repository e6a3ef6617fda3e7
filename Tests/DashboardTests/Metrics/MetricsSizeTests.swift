import Events
import Testing

@testable import Dashboard

@Suite struct MetricsSizeTests {
    /// Ten thousand names of each kind come, three decisions each: no more series are made than the caps say.
    @Test func theNumberOfSeriesIsBounded() {
        var records = MetricRecords()
        for number in 0..<10_000 {
            let (tool, agent) = ("tool-\(number)", "agent-\(number)")
            records.call(tool, agent: agent)
            records.call(tool, agent: agent, .throttle, .limit)
            records.call(tool, agent: agent, .deny, .denyIf)
            records.call(nil, agent: agent, method: "method-\(number)")
            records.outcome(tool, microseconds: 1000)
            records.alert("a\(number)", "rule-\(number)", "firing")
            records.alert("a\(number)", "rule-\(number)", "resolved")
        }
        let scrape = Scrape(records.metrics)
        let limits = MetricLimits()
        #expect(scrape.count("tollgate_decisions_total") == (limits.tools + 1) * 3)
        #expect(scrape.count("tollgate_agent_calls_total") == (limits.agents + 1) * 3)
        #expect(scrape.count("tollgate_outcomes_total") == limits.tools + 1)
        #expect(scrape.count("tollgate_upstream_duration_seconds_count") == limits.timedTools + 1)
        #expect(scrape.count("tollgate_upstream_duration_seconds_bucket") == (limits.timedTools + 1) * 15)
        #expect(scrape.count("tollgate_other_requests_total") == limits.methods + 1)
        #expect(scrape.count("tollgate_alert_steps_total") == (limits.rules + 1) * 2)
        #expect(scrape.sum("tollgate_decisions_total") == 30_000, "and nothing is lost")
        var text = MetricsText()
        records.metrics.write(to: &text)
        #expect(scrape.values.count < 9000 && text.text.utf8.count < 1_000_000, "docs/OPERATIONS.md says so")
    }
}
