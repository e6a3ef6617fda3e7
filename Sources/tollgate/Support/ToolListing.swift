import Events
import Foundation
import Gateway
import Policy
import Terminal

/// Tools with the policies that decide about them, as a table or as JSON.
struct ToolListing {
    private struct Entry {
        let log: String?
        let tool: OfferedTool
    }

    private var entries: [Entry] = []

    /// Whether there is nothing to show.
    var isEmpty: Bool { entries.isEmpty }

    /// Adds tools, each with how some policies stand to it.
    ///
    /// - Parameter log: the log's name, where several are shown.
    mutating func add(_ tools: [OfferedTool], log: String?, policies: (OfferedTool) -> [CompiledPolicy]) {
        for tool in tools {
            var tool = tool
            tool.policies = policies(tool).map { ToolCoverage(of: tool.tool, in: $0) }
            entries.append(Entry(log: log, tool: tool))
        }
    }

    /// One row for each tool and policy.
    func table(on display: Display) -> String {
        let hasLogs = entries.contains { $0.log != nil }
        var table = TextTable(
            (hasLogs ? [.init("LOG")] : []) + [
                .init("SERVER"), .init("TOOL", minimumWidth: 16), .init("CLASS"),
                .init("WHY", minimumWidth: 12, dropOrder: 2), .init("POLICY", dropOrder: 1),
                .init("COVERED BY", minimumWidth: 16), .init("DEFINITION"), .init("DIGEST", dropOrder: 3),
                .init("PREVIOUS", dropOrder: 4),
            ])
        for entry in entries {
            let tool = entry.tool
            let coverages = tool.policies.isEmpty ? [nil] : tool.policies.map(Optional.some)
            for coverage in coverages {
                let finding = tool.finding(under: coverage)
                table.append(
                    (hasLogs ? [.init(entry.log ?? "")] : []) + [
                        .init(tool.server), .init(tool.tool),
                        .init(finding.risk.rawValue, ToolListing.ink(finding.risk)),
                        .init(finding.why), .init(coverage?.policy ?? "-"), .init(coverage?.words ?? "no policy"),
                        .init(tool.definition.rawValue, tool.definition == .changed ? .yellow : .plain),
                        .init(tool.digest?.description ?? "-"), .init(tool.previous?.description ?? "-"),
                    ])
            }
        }
        return table.render(width: display.columns, palette: Palette(usesColour: display.usesColour))
    }

    private static func ink(_ risk: Risk) -> Ink {
        switch risk {
        case .destructive, .financial: .red
        case .execute, .unknown: .yellow
        case .read, .write: .plain
        }
    }

    /// One object with a list of all.
    var json: String {
        let tools = entries.map { entry -> [String: Any] in
            let tool = entry.tool
            var object: [String: Any] = [
                "server": tool.server, "tool": tool.tool, "class": tool.risk.rawValue, "why": tool.why,
                "definition": tool.definition.rawValue,
                "policies": tool.policies.map { ToolListing.object($0, tool) },
            ]
            object["log"] = entry.log
            object["digest"] = tool.digest?.description
            object["previous_digest"] = tool.previous?.description
            object["changed_ts"] = tool.changed?.description
            return object
        }
        return JSONText.line(["tools": tools])
    }

    private static func object(_ coverage: ToolCoverage, _ tool: OfferedTool) -> [String: Any] {
        let finding = tool.finding(under: coverage)
        return [
            "policy": coverage.policy, "standing": coverage.standing.rawValue, "rules": coverage.rules,
            "mode": coverage.isShadow ? "shadow" : "enforce", "class": finding.risk.rawValue, "why": finding.why,
        ]
    }
}
