import ArgumentParser
import AuditLog
import Events
import Foundation
import Replay
import Terminal

/// `tollgate explain`: why a call was decided as it was, or why an alert fired.
struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say on one screen why a call was decided as it was, or why an alert fired.",
        discussion: """
            For a record: the rule, what its limit had counted and which calls counted, and what would have changed the
            verdict; from the log and the policy kept beside it. For an alert: the calls that fired it. Values of arguments
            never appear.

            Exit status: 0 explained, 1 there is no such record or alert, 2 usage.

            Example:
              tollgate explain gw/2611
              tollgate explain 5c9d3a1be07f4412 --json
            """)

    @Argument(help: ArgumentHelp("A record, LOG/SEQ, or an alert's id.", valueName: "what"))
    var what: String
    @OptionGroup var selection: LogSelection
    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        let logs = try selection.logs()
        let explanation: Explanation
        do {
            explanation = try explain(what, in: logs)
        } catch let missing as UnexplainedRecord {
            throw Failure(missing.description, hint: "tollgate tail   or   tollgate report alerts", status: 1)
        }
        Console.output(json ? JSONText.line(object(explanation)) + "\n" : text(explanation))
    }

    private func explain(_ what: String, in logs: [LogDirectory]) throws -> Explanation {
        guard let slash = what.lastIndex(of: "/"), let seq = UInt64(what[what.index(after: slash)...]) else {
            return try AlertExplainer(what, in: logs).explanation()
        }
        guard let log = logs.first(where: { $0.name == String(what[..<slash]) }) else {
            throw Failure(
                "there is no log '\(what[..<slash])' among these: \(logs.map(\.name).joined(separator: ", "))",
                hint: "tollgate explain \(what) --log DIR", status: 1)
        }
        return try DecisionExplainer(seq, of: log).explanation()
    }

    // MARK: Forms

    private static let mostCalls = 12

    private func text(_ explanation: Explanation) -> String {
        var lines = [VisibleText.of("\(explanation.subject)  \(explanation.sentence)"), ""]
        let width = explanation.parameters.map(\.name.count).max() ?? 0
        for (name, value) in explanation.parameters {
            lines.append("  " + VisibleText.of(name.padding(toLength: width + 2, withPad: " ", startingAt: 0) + value))
        }
        if let chart = explanation.chart {
            lines += ["", VisibleText.of("\(explanation.chartOf), per \(chart.stepSeconds) s")] + rows(chart)
        }
        if !explanation.calls.isEmpty {
            lines += ["", VisibleText.of("\(explanation.callsAre): \(Words.count(explanation.calls.count, "call"))")]
            let shown = explanation.calls.suffix(ExplainCommand.mostCalls)
            if shown.count < explanation.calls.count {
                lines.append("  … \(explanation.calls.count - shown.count) before")
            }
            for call in shown {
                lines.append(
                    "  \(call.seq)  \(clock(call.at.description))\(call.cost == 1 ? "" : "  counts \(call.cost)")")
            }
        }
        if !explanation.changes.isEmpty { lines += ["", "What would have changed it"] }
        lines += explanation.changes.map { "  " + VisibleText.of($0) }
        return lines.joined(separator: "\n") + "\n"
    }

    /// One line for each step with calls, and dots for the time without.
    private func rows(_ chart: Explanation.Chart) -> [String] {
        let most = zip(chart.passed, chart.stopped).map(+).max() ?? 0
        let scale = max(1, (most + 39) / 40)
        var lines: [String] = []
        var isQuiet = false
        for (index, (passed, stopped)) in zip(chart.passed, chart.stopped).enumerated() {
            guard passed + stopped > 0 else {
                if !isQuiet, !lines.isEmpty { lines.append("  ·") }
                isQuiet = true
                continue
            }
            isQuiet = false
            let at = chart.from.advanced(by: Int64(index * chart.stepSeconds) * 1_000_000)
            let bar =
                String(repeating: "#", count: (passed + scale - 1) / scale)
                + String(repeating: "x", count: (stopped + scale - 1) / scale)
            lines.append("  \(clock(at.description).prefix(8))  \(bar)  \(passed + stopped)")
        }
        if lines.last == "  ·" { lines.removeLast() }
        if chart.stopped.contains(where: { $0 > 0 }) { lines.append("  # passed, x stopped") }
        return lines
    }

    private func clock(_ moment: String) -> String { String(moment.dropFirst(11).prefix(12)) }

    private func object(_ explanation: Explanation) -> [String: Any] {
        var object: [String: Any] = [
            "subject": explanation.subject, "sentence": explanation.sentence, "changes": explanation.changes,
            "parameters": explanation.parameters.map { ["name": $0.name, "value": $0.value] },
            "calls": explanation.calls.map { call in
                ["seq": Int(call.seq), "ts": call.at.description, "cost": call.cost] as [String: Any]
            },
        ]
        if !explanation.callsAre.isEmpty { object["calls_are"] = explanation.callsAre }
        if let chart = explanation.chart {
            object["chart"] =
                [
                    "of": explanation.chartOf, "from": chart.from.description, "step_s": chart.stepSeconds,
                    "passed": chart.passed, "stopped": chart.stopped,
                ] as [String: Any]
        }
        return object
    }
}
