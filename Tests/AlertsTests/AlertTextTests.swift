import Alerts
import Detection
import Events
import Foundation
import Testing

@Suite struct AlertTextTests {
    private func step(agent: String = "ci-07") -> AlertTransition {
        var finding = AlertBookTests.finding(from: 2.183, to: 8, attempts: 47)
        finding.agent = agent
        var alert = Alert(finding)
        alert.state = .firing
        return AlertTransition(alert: alert, from: nil, cause: .raised, at: AlertBookTests.minute(8))
    }

    @Test func theLineSaysItAll() {
        #expect(
            step().line
                == "2026-11-02T09:08:00Z PAGE firing loop: ci-07 → ecs/build: 47 calls in 6 min; began 09:02:10; "
                + "same arguments 46 times, 2 denied [\(step().alert.id)]")
    }

    @Test func theObjectHasTheDocumentedKeys() throws {
        let object = try JSONSerialization.jsonObject(with: Data(step().json)) as? [String: Any]
        let firing: Set<String> = [
            "v", "ts", "id", "state", "cause", "rule", "severity", "agent", "server", "tool", "start", "detected",
            "last_seen", "attempts", "denied", "same", "peak_per_minute", "threshold", "first_record", "last_record",
            "summary", "denied_share", "command",
        ]
        #expect(Set(try #require(object).keys) == firing)
        #expect(object?["first_record"] as? String == "gw/12" && object?["attempts"] as? Int == 47)
        var over = step()
        over.alert.state = .resolved
        over.alert.resolvedAt = AlertBookTests.minute(18)
        let resolved = try JSONSerialization.jsonObject(with: Data(over.json)) as? [String: Any]
        #expect(Set(try #require(resolved).keys) == firing.union(["end", "resolved"]))
    }

    @Test func namesCanNeitherBreakALineNorSteerATerminal() throws {
        let hostile = step(agent: "a\u{1B}[2J\nb\u{202E}\"\\\u{7F}\u{2028}")
        #expect(!hostile.line.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F || $0.value == 0x202E })
        #expect(!hostile.json.contains { $0 < 0x20 })
        let object = try JSONSerialization.jsonObject(with: Data(hostile.json)) as? [String: Any]
        #expect(object?["agent"] as? String == "a\u{1B}[2J\nb\u{202E}\"\\\u{7F}\u{2028}")
    }
}
