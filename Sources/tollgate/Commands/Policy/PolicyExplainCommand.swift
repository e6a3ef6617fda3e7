import ArgumentParser
import Events
import Foundation
import Gateway
import Policy
import Replay
import Terminal

/// `tollgate policy explain`: every rule looked at for one call, and why.
struct PolicyExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say what a policy looks at for one call, what each rule finds, and what the caller would be told.",
        discussion: """
            Nothing was counted before the call: for what limits do one after the other, see `tollgate policy test`.
            Paths and the policy's own values are printed, values of arguments never.

            Exit status: 0 explained, whatever the verdict, 2 unusable policy or arguments.

            Example:
              tollgate policy explain policy.json --tool create_charge --args '{"amount": 20000}'
            """)

    @Argument(help: ArgumentHelp("The policy.", valueName: "file"))
    var file: String
    @Option(help: ArgumentHelp("The tool that is called.", valueName: "name"))
    var tool: String
    @Option(help: ArgumentHelp("The arguments as JSON; none without it.", valueName: "json"))
    var args: String?
    @Option(help: ArgumentHelp("Who calls.", valueName: "name"))
    var agent = "agent"
    @Option(help: ArgumentHelp("The caller's grant; none without it, as with `tollgate run`.", valueName: "id"))
    var grant: String?
    @Option(help: ArgumentHelp("The protocol session.", valueName: "id"))
    var session: String?
    @Option(help: ArgumentHelp("The server's configured name.", valueName: "name"))
    var server = "server"
    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        let policy = try PolicyLoader.load(Places.absolute(file))
        let caller = Caller(agent: agent, grant: grant, session: session, server: server)
        let explained: ExplainedCall
        do {
            explained = try ExplainedCall(
                policy, tool: tool, arguments: args.map { Array($0.utf8) }, caller: caller, at: Console.now)
        } catch {
            throw Failure("--args cannot be used: \(error)", hint: "--args '{\"key\": \"value\"}'")
        }
        Console.output(json ? JSONText.line(object(explained)) + "\n" : text(explained))
    }

    private func text(_ explained: ExplainedCall) -> String {
        let verdict = explained.explanation.verdict
        var lines: [String] = []
        for step in explained.explanation.steps {
            let part =
                switch step.outcome {
                case .passes: "passes    "
                case .decides: "decides   "
                case .wouldDeny: "would deny"
                }
            lines.append("\(part)  \(VisibleText.of(step.rule))")
            lines += step.why.map { "            \(VisibleText.of($0))" }
        }
        let mode = verdict.mode == .shadow ? " (shadow: recorded, and the call passes)" : ""
        lines.append("\(verdict.verdict.rawValue)\(verdict.rule.map { " by \(VisibleText.of($0))" } ?? "")\(mode)")
        if let told = explained.callerText { lines.append("the caller would be told: \(VisibleText.of(told))") }
        return lines.joined(separator: "\n") + "\n"
    }

    private func object(_ explained: ExplainedCall) -> [String: Any] {
        let verdict = explained.explanation.verdict
        var object: [String: Any] = [
            "tool": tool, "decision": verdict.verdict.rawValue, "mode": verdict.mode.rawValue,
            "reason": verdict.reason.rawValue,
            "steps": explained.explanation.steps.map { step in
                ["rule": step.rule, "outcome": step.outcome.rawValue, "why": step.why] as [String: Any]
            },
        ]
        object["rule"] = verdict.rule
        object["retry_after_ms"] = verdict.retryAfterMilliseconds
        object["told"] = explained.callerText
        return object
    }
}
