import ArgumentParser
import AuditLog
import Events
import Foundation
import Gateway
import Replay
import Terminal

/// `tollgate policy backtest`: a log's own calls through another policy.
struct PolicyBacktestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backtest",
        abstract: "Say what a policy would have made of a log's calls: newly denied, newly allowed, unchanged.",
        discussion: """
            The log keeps no arguments but those that its policy named under `record`. A condition's fact comes from the
            record where the recorded policy has the very same condition, else from an argument recorded in full, else
            from the argument keys where the argument was not there. Where none of them says it, both ways are tried: a
            call on which they differ is unknown, and the rules concerned are named as not replayable.
            Agents would have done other things after other verdicts; that is not told.

            Exit status: 0 compared, 2 unusable policy or options, or no such log, 6 the disk refused.

            Example:
              tollgate policy backtest stricter.json --log ~/.local/share/tollgate/logs/ecs --since 28d
            """)

    @Argument(help: ArgumentHelp("The candidate policy.", valueName: "file"))
    var file: String
    @OptionGroup var selection: OneLog
    @OptionGroup var times: TimeSelection
    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        let policy = try PolicyLoader.load(Places.absolute(file))
        let (log, _) = try selection.existing()
        var progress = Console.progress("replaying", unit: "records")
        let report = try Backtester(
            policy, against: log, since: times.since?.timestamp, until: times.until?.timestamp
        ).run { progress.update($0, now: Console.now) }
        progress.finish()
        Console.output(json ? JSONText.line(object(log, report)) + "\n" : text(log, report))
    }

    private func text(_ log: LogDirectory, _ report: BacktestReport) -> String {
        guard report.calls > 0, let first = report.first, let last = report.last else {
            return "\(log.name): no calls to compare\n"
        }
        var text = "\(log.name): \(report.calls) calls from \(first) to \(last)\n"
        text += "  unchanged      \(report.unchanged)\n  newly denied   \(report.newlyDenied)\n"
        text += "  newly allowed  \(report.newlyAllowed)\n  unknown        \(report.unknown)\n"
        if !report.rows.isEmpty {
            var table = TextTable([
                .init("change"), .init("calls", .right), .init("agent", minimumWidth: 12),
                .init("tool", minimumWidth: 16), .init("rule", minimumWidth: 20),
            ])
            for row in report.rows {
                table.append([
                    .init(row.change.rawValue.replacingOccurrences(of: "_", with: " ")), .init("\(row.calls)"),
                    .init(row.agent ?? "-"), .init(row.tool), .init(row.rule ?? "-"),
                ])
            }
            text += "\n" + table.render(width: Console.display.columns)
        }
        if !report.gaps.isEmpty {
            text += "\nnot replayable from this log:\n"
            for gap in report.gaps {
                text += "  \(VisibleText.of(gap.rule)): not known in \(gap.calls) of \(gap.of) calls\n"
            }
        }
        return text
    }

    private func object(_ log: LogDirectory, _ report: BacktestReport) -> [String: Any] {
        var object: [String: Any] = [
            "log": log.name, "calls": report.calls, "unchanged": report.unchanged, "unknown": report.unknown,
            "newly_denied": report.newlyDenied, "newly_allowed": report.newlyAllowed,
            "not_the_policys": report.notThePolicys, "approvals": report.approvals,
            "changes": report.rows.map { row in
                var object: [String: Any] = [
                    "change": row.change.rawValue, "tool": row.tool, "calls": row.calls,
                ]
                object["agent"] = row.agent
                object["rule"] = row.rule
                return object
            },
            "not_replayable": report.gaps.map { gap in
                ["rule": gap.rule, "calls": gap.calls, "of": gap.of] as [String: Any]
            },
        ]
        object["first_ts"] = report.first?.description
        object["last_ts"] = report.last?.description
        return object
    }
}
