import Foundation
import Testing

@testable import Dashboard

/// `docs/OPERATIONS.md`, "Metrics", says what there is.
@Suite struct MetricsDocumentTests {
    private static let section: String = {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let text = try? String(contentsOf: root.appendingPathComponent("docs/OPERATIONS.md"), encoding: .utf8)
        let parts = (text ?? "").components(separatedBy: "\n## Metrics\n")
        return parts.count == 2 ? parts[1].components(separatedBy: "\n## ")[0] : ""
    }()

    /// A table's rows, each as its cells.
    private static func rows(under head: String) -> [[String]] {
        let lines = section.split(separator: "\n", omittingEmptySubsequences: false)
        let rows = lines.drop { !$0.hasPrefix(head) }.dropFirst(2).prefix { $0.hasPrefix("|") }
        return rows.map { row in
            row.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        }
    }

    @Test func theTableHasEveryMetricWithItsTypeLabelsAndUnit() {
        let rows = Self.rows(under: "| metric |")
        let documented = rows.map { $0.prefix(4).joined(separator: " | ") }
        let defined = Metric.all.map { metric in
            let labels = metric.labels.isEmpty ? "–" : metric.labels.map { "`\($0)`" }.joined(separator: ", ")
            let unit =
                metric.name.contains("_seconds") ? "seconds" : metric.name.contains("_bytes") ? "bytes" : "count"
            return "`\(metric.name)` | \(metric.kind.rawValue) | \(labels) | \(unit)"
        }
        #expect(documented == defined)
        #expect(rows.allSatisfy { $0.count == 5 && !$0[4].isEmpty })
    }

    @Test func theCapsAreThoseOfTheCode() {
        let limits = MetricLimits()
        let rows = Self.rows(under: "| label |").map { [$0[0], String($0[1].prefix { $0.isNumber })] }
        #expect(
            rows == [
                ["`agent`", "\(limits.agents)"], ["`tool`", "\(limits.tools)"],
                ["`timed_tool`", "\(limits.timedTools)"], ["`method`", "\(limits.methods)"],
                ["`log`", "\(limits.logs)"], ["`rule`", "\(limits.rules)"],
            ])
        #expect(Self.section.contains("cut at \(MetricLimits.nameBytes) bytes"))
        for (metric, limit) in [
            (Metric.decisions, limits.tools), (.agentCalls, limits.agents), (.upstreamDuration, limits.timedTools),
            (.otherRequests, limits.methods), (.logRecords, limits.logs),
        ] {
            #expect(metric.help.contains("At most \(limit) "), "\(metric.name) states its cap in its help")
        }
    }
}
