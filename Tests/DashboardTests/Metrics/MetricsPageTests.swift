import AuditLog
import Events
import Foundation
import Testing
import Warehouse

@testable import Dashboard

@Suite struct MetricsPageTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
    /// What a caller may put into a name.
    private static let nasty = "a\"b\\c\nd\u{0}e\u{202e}f{}, = # " + String(repeating: "ü", count: 200)

    private struct NotReadable: Error {}

    private static func page(readable: Bool = true) -> String {
        let desk = MetricsDesk(
            version: "0.1.0", since: MetricRecords.since,
            gateway: {
                var gauges = GatewayGauges()
                gauges.connections = 3
                gauges.log.records = 17
                gauges.log.commitDurations.note(.milliseconds(3))
                gauges.space = (free: 1 << 40, total: 1 << 41)
                return gauges
            },
            warehouse: {
                guard readable else { throw NotReadable() }
                var gauges = WarehouseGauges()
                gauges.bytes = 4096
                let loaded = Timestamp(microseconds: 1_800_000_000_000_000)
                gauges.places = [
                    LoadedPlace(log: "gateway", nextSeq: 2, newest: loaded),
                    // An earlier life of the same log.
                    LoadedPlace(log: "gateway", nextSeq: 1, newest: loaded),
                ]
                return gauges
            })
        var records = MetricRecords()
        records.call("build", agent: nasty, server: nasty)
        records.call(nasty)
        records.call("build")
        records.outcome("build", microseconds: 1234)
        records.outcome(nasty, microseconds: 99_999_999)
        records.alert("a", nasty, "firing", severity: nasty)
        desk.count { $0 = records.metrics }
        return desk.page()
    }

    @Test func everyMetricIsOnThePageAndNoOther() {
        let scrape = Scrape(Self.page())
        #expect(scrape.types.map(\.name) == Metric.all.map(\.name))
        #expect(scrape.types.map(\.type) == Metric.all.map(\.kind.rawValue))
        #expect(Set(Metric.all.map(\.name)).count == Metric.all.count)
    }

    @Test func namesFromTheNetworkStayWithinTheirQuotes() throws {
        let page = Self.page()
        let line = try #require(
            page.split(separator: "\n").first { $0.hasPrefix("tollgate_decisions_total{server=\"a") })
        #expect(line.hasPrefix(#"tollgate_decisions_total{server="a\"b\\c\\nd\\x00e\\u{202e}f{}, = # ü"#))
        #expect(line.hasSuffix(#"ü…",tool="build",decision="allow",reason="allowed",mode="enforce"} 1"#))
        #expect(!page.utf8.contains(0))
        let value = LabelText.of(Self.nasty)
        #expect(value.utf8.count <= MetricLimits.nameBytes && value.hasSuffix("…"))
        #expect(LabelText.of("build_and_push") == "build_and_push")
        #expect(LabelText.of(String(repeating: "\u{0}", count: 100)).utf8.count <= MetricLimits.nameBytes)
    }

    @Test func theWarehousesLagIsWhatTheLogsHaveMore() {
        let scrape = Scrape(Self.page())
        #expect(scrape["tollgate_ingest_behind_records{log=\"gateway\"}"] == 3)
        #expect(scrape["tollgate_ingest_lag_seconds{log=\"gateway\"}"] == 0.004)
        #expect(scrape["tollgate_warehouse_readable"] == 1 && scrape["tollgate_warehouse_size_bytes"] == 4096)
        let other = Scrape(Self.page(readable: false))
        #expect(other["tollgate_warehouse_readable"] == 0 && other.count("tollgate_ingest_lag_seconds") == 0)
        #expect(
            Scrape(MetricsDesk(version: "1", since: MetricRecords.since).page()).count("tollgate_warehouse_readable")
                == 0)
    }

    @Test func whatTheGatewaysProcessKnowsIsThereOnlyWhereItIsOne() {
        let scrape = Scrape(Self.page())
        #expect(scrape["tollgate_gateway_connections"] == 3 && scrape["tollgate_log_committed_records_total"] == 17)
        #expect(scrape["tollgate_log_commit_duration_seconds_bucket{le=\"0.0025\"}"] == 0)
        #expect(scrape["tollgate_log_commit_duration_seconds_bucket{le=\"0.005\"}"] == 1)
        #expect(scrape["tollgate_log_disk_free_bytes"] == 0x1p40 && scrape["tollgate_log_well"] == 1)
        #expect(
            Scrape(MetricsDesk(version: "1", since: MetricRecords.since).page()).count("tollgate_gateway_connections")
                == 0)
        #expect(scrape["tollgate_build_info{version=\"0.1.0\"}"] == 1)
    }

    @Test func theProcessIsThisOne() throws {
        let scrape = Scrape(MetricsDesk(version: "1", since: MetricRecords.since).page())
        let start = try #require(scrape["process_start_time_seconds"])
        #expect(start < Date().timeIntervalSince1970 + 2 && start > Date().timeIntervalSince1970 - 86_400)
        #expect(try #require(scrape["process_cpu_seconds_total"]) > 0)
        let resident = try #require(scrape["process_resident_memory_bytes"])
        let addresses = try #require(scrape["process_virtual_memory_bytes"])
        #expect(resident > 1_000_000 && resident < addresses)
        #expect(try #require(scrape["process_open_fds"]) >= 3)
        #expect(try #require(scrape["process_max_fds"]) > 3)
    }

    private static let promtool = ["/usr/bin/promtool", "/usr/local/bin/promtool"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    @Test(.enabled(if: promtool != nil, "no promtool here; the end-to-end tests install one"))
    func prometheusReadsAndApproves() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tollgate-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (given, answer) = (folder.appendingPathComponent("page"), folder.appendingPathComponent("answer"))
        try Self.page().write(to: given, atomically: true, encoding: .utf8)
        try Data().write(to: answer)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(Self.promtool))
        process.arguments = ["check", "metrics"]
        process.standardInput = try FileHandle(forReadingFrom: given)
        // No pipe: a process that another test starts meanwhile would hold it open.
        let output = try FileHandle(forWritingTo: answer)
        process.standardOutput = output
        process.standardError = output
        try process.run()
        process.waitUntilExit()
        let said = try String(contentsOf: answer, encoding: .utf8)
        #expect(process.terminationStatus == 0 && said.isEmpty, "\(said)")
    }
}
