import ArgumentParser
import AuditLog
import Events
import Foundation
import Policy
import Replay
import Terminal

/// `tollgate policy recommend`: a policy from observed use.
struct PolicyRecommendCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recommend",
        abstract: "Propose a policy from a log's use: used tools listed and limited, all else denied.",
        discussion: """
            Limits are one and a half times the 99.9th percentile of what a caller's minutes and hours held, and never
            below the most that any of them held: no benign call of the log is refused. What a finding names, and what
            was refused at the time, is no evidence. Conditions on arguments are not proposed: keep those that you have.

            Exit status: 0 proposed, 2 usage, or no such log, 6 the disk refused or the file cannot be written.

            Examples:
              tollgate policy recommend --log DIR --since 28d --out proposed.json
              tollgate policy backtest proposed.json --log DIR --since 28d
            """)

    @OptionGroup var selection: OneLog
    @OptionGroup var times: TimeSelection
    @Option(help: ArgumentHelp("Write the policy to a file that only you can read.", valueName: "file"))
    var out: String?
    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        let (log, _) = try selection.existing()
        var progress = Console.progress("reading", unit: "records")
        let proposal = try Recommender(log, since: times.since?.timestamp, until: times.until?.timestamp)
            .run { progress.update($0, now: Console.now) }
        progress.finish()
        if let out { try write(proposal.text, to: Places.absolute(out)) }
        Console.output(json ? JSONText.line(try object(log, proposal)) + "\n" : text(log, proposal))
    }

    private func write(_ text: String, to path: String) throws {
        guard
            FileManager.default.createFile(
                atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
        else {
            throw Failure(
                "cannot write \(path)", hint: "ls -ld \((path as NSString).deletingLastPathComponent)", status: 6)
        }
        // A file that was there keeps its own mode.
        try? FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        Console.error("wrote \(path)\n")
    }

    private func text(_ log: LogDirectory, _ proposal: Recommendation) -> String {
        let span = proposal.first.flatMap { first in proposal.last.map { " from \(first) to \($0)" } } ?? ""
        var text = "\(log.name): \(proposal.calls) calls\(span); \(proposal.findings) findings set apart\n\n"
        var tool = ""
        for limit in proposal.evidence {
            if limit.tool != tool {
                text += "\(VisibleText.of(limit.tool)): \(limit.calls) benign calls\n"
                tool = limit.tool
            }
            text += "  \(limit.counter): \(VisibleText.of(limit.description))\n"
        }
        if !proposal.leftOut.isEmpty { text += "\nleft out:\n" }
        for one in proposal.leftOut {
            text += "  \(VisibleText.of(one.tool)): \(one.why) (\(one.attempts) calls)\n"
        }
        return text + (out == nil ? "\n" + proposal.text : "")
    }

    private func object(_ log: LogDirectory, _ proposal: Recommendation) throws -> [String: Any] {
        var object: [String: Any] = [
            "log": log.name, "calls": proposal.calls, "findings": proposal.findings,
            "policy": try JSONSerialization.jsonObject(with: Data(proposal.text.utf8)),
            "evidence": proposal.evidence.map { limit in
                var object: [String: Any] = [
                    "tool": limit.tool, "counter": limit.counter, "window_s": limit.windowSeconds,
                    "scope": limit.scope.rawValue, "max": limit.maximum, "calls": limit.calls,
                    "callers": limit.callers, "windows": limit.windows, "p99_9": limit.percentile,
                    "largest": limit.largest, "would_have_denied": limit.denied,
                ]
                object["raised_from"] = limit.raisedFrom
                return object
            },
            "left_out": proposal.leftOut.map { one in
                ["tool": one.tool, "calls": one.attempts, "why": one.why] as [String: Any]
            },
        ]
        object["first_ts"] = proposal.first?.description
        object["last_ts"] = proposal.last?.description
        return object
    }
}
