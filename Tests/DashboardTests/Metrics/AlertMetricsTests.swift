import Events
import Testing

@testable import Dashboard

@Suite struct AlertMetricsTests {
    private static func open(_ rule: String, _ state: String, severity: String = "page") -> String {
        "tollgate_alerts_open{rule=\"\(rule)\",severity=\"\(severity)\",state=\"\(state)\"}"
    }

    @Test func anAlertIsOpenUntilItIsResolved() {
        var records = MetricRecords()
        records.alert("a", "loop", "firing")
        records.alert("b", "loop", "firing")
        #expect(Scrape(records.metrics)[Self.open("loop", "firing")] == 2)
        records.alert("a", "loop", "acknowledged")
        records.alert("b", "loop", "resolved")
        records.alert("b", "loop", "resolved")
        let scrape = Scrape(records.metrics)
        #expect(scrape[Self.open("loop", "firing")] == 0, "it stays, so that its end is seen")
        #expect(scrape[Self.open("loop", "acknowledged")] == 1)
        #expect(scrape["tollgate_alert_steps_total{rule=\"loop\",severity=\"page\",state=\"firing\"}"] == 2)
        #expect(scrape.sum("tollgate_alerts_open") == 1)
    }

    @Test func aSilenceIsNoAlert() {
        var records = MetricRecords()
        records.alert("s", "alert_silence", "active", severity: "info")
        #expect(Scrape(records.metrics).count("tollgate_alerts_open") == 0)
    }

    @Test func whatIsOpenFromBeforeIsTakenOver() {
        var records = MetricRecords()
        records.metrics.takeOver(alert: "a", rule: "cap", severity: "page", state: "silenced")
        records.metrics.takeOver(alert: "old", rule: "cap", severity: "page", state: "resolved")
        #expect(Scrape(records.metrics)[Self.open("cap", "silenced")] == 1)
        records.alert("a", "cap", "resolved")
        records.metrics.takeOver(alert: "b", rule: "cap", severity: "page", state: "firing")
        records.metrics.takeOver(alert: "b", rule: "cap", severity: "page", state: "acknowledged")
        let scrape = Scrape(records.metrics)
        #expect(scrape[Self.open("cap", "silenced")] == 0)
        #expect(scrape[Self.open("cap", "firing")] == 1, "what a record said is newer than what is taken over")
    }

    @Test func aLogThatIsNotWhatWasSignedIsAProblem() {
        var records = MetricRecords()
        #expect(Scrape(records.metrics)["tollgate_log_verification_problems"] == 0)
        records.alert("v", "verification_failed", "firing")
        #expect(Scrape(records.metrics)["tollgate_log_verification_problems"] == 1)
        records.alert("v", "verification_failed", "resolved")
        #expect(Scrape(records.metrics)["tollgate_log_verification_problems"] == 0)
    }

    @Test func brakesAreCountedByTool() {
        var records = MetricRecords()
        records.add(.control(Control(.brake).with(.agent, "ci").with(.server, "ecs").with(.tool, "build")))
        let scrape = Scrape(records.metrics)
        #expect(scrape["tollgate_brakes_put_total{server=\"ecs\",tool=\"build\"}"] == 1)
        #expect(scrape["tollgate_control_records_total{event=\"brake\"}"] == 1)
    }
}
