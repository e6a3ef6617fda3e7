import Alerts
import Detection
import Events
import Testing

/// What would have fired, read from logs that are there.
@Suite struct AlertBacktestTests {
    private static let start = Timestamp(microseconds: 1_793_610_000_000_000)

    /// The same call every five seconds, as lines of a log.
    private static func loop(_ calls: Int, agent: String = "ci") -> WatchedLog {
        var line = LineBuffer(capacity: 1024)
        for number in 0..<calls {
            var decision = Decision(
                gateway: "gw", identity: .grant, server: "ecs", transport: .http, method: "tools/call", verdict: .allow,
                mode: .enforce, reason: .allowed)
            decision.agent = agent
            decision.tool = "build"
            decision.risk = .execute
            decision.argumentDigest = Digest64(7)
            line.append(
                Record(
                    seq: UInt64(number), timestamp: start.advanced(by: Int64(number) * 5_000_000),
                    body: .decision(decision)))
        }
        var blocks = [withExtendedLifetime(line) { [UInt8](line.bytes) }]
        return WatchedLog(name: "gw-\(agent)") { blocks.popLast() }
    }

    @Test func tellsOneEntryForAFindingWithItsSpan() throws {
        var backtest = AlertBacktest()
        try backtest.run([Self.loop(40), Self.loop(40, agent: "other")])
        let loops = backtest.entries.filter { $0.finding.rule == .loop }
        #expect(loops.map(\.finding.agent) == ["ci", "other"])
        let first = try #require(loops.first)
        #expect(first.finding.start == Self.start && first.end == nil)
        #expect(first.at == first.finding.detected && first.finding.firstRecord.description == "gw-ci/0")
        #expect(backtest.calls == 80 && backtest.agentWeeks == 2 && backtest.rejected == 0)
        let text = String(decoding: first.json, as: UTF8.self)
        #expect(text.hasPrefix("{\"ts\":\"\(first.at)\",\"agent\":\"ci\",\"server\":\"ecs\",\"tool\":\"build\""))
        #expect(text.contains("\"rule\":\"loop\",\"severity\":\"page\"") && text.contains("\"open\":true"))
    }

    @Test func whatWasBeforeSinceTeachesAndIsNotTold() throws {
        var backtest = AlertBacktest()
        backtest.since = Self.start.advanced(by: 3_600_000_000)
        try backtest.run([Self.loop(40)])
        #expect(backtest.entries.isEmpty && backtest.calls == 40 && backtest.agentWeeks == 0)
    }

    @Test func aRuleLeftOutSaysNothing() throws {
        var settings = DetectionSettings()
        settings.disabled = [.loop]
        var backtest = AlertBacktest(settings: settings)
        try backtest.run([Self.loop(40)])
        #expect(backtest.entries.allSatisfy { $0.finding.rule != .loop })
    }
}
