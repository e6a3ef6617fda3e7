import ArgumentParser
import Events
import Foundation
import Gateway
import Policy
import Replay
import Terminal

/// `tollgate policy test`: a policy's tests as data.
struct PolicyTestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Decide a file of cases by a policy, and say which do not become what they should.",
        discussion: """
            The file is a JSON list of cases; docs/POLICY.md describes them. They run in order and share their counters.

            Exit status: 0 all pass, 1 some fail, 2 unusable policy or cases (every error is told).

            Example:
              tollgate policy test policy.json cases.json
            """)

    @Argument(help: ArgumentHelp("The policy.", valueName: "file"))
    var file: String
    @Argument(help: ArgumentHelp("The cases.", valueName: "cases"))
    var cases: String
    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        let policy = try PolicyLoader.load(Places.absolute(file))
        let path = Places.absolute(cases)
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Failure("cannot read the cases \(path)", hint: "ls -l \(path)")
        }
        let outcomes: [CaseFile.Outcome]
        do {
            outcomes = try CaseFile(parsing: Array(data)).run(under: policy)
        } catch {
            try refuse(path, error)
            return
        }
        let failed = outcomes.filter { !$0.passes }
        if json {
            Console.output(
                JSONText.line([
                    "file": path, "ok": failed.isEmpty, "cases": outcomes.count, "failed": failed.count,
                    "failures": failed.map(object), "errors": [],
                ]) + "\n")
        } else {
            for outcome in failed { Console.output("FAIL \(VisibleText.of(outcome.description))\n") }
            Console.output("\(outcomes.count - failed.count) of \(outcomes.count) cases pass\n")
        }
        if !failed.isEmpty { Foundation.exit(1) }
    }

    private func refuse(_ path: String, _ refusal: CaseRefusal) throws {
        if json {
            let errors = refusal.problems.map { problem in
                var object: [String: Any] = [
                    "pointer": problem.pointer, "line": problem.line, "found": problem.found,
                    "expected": problem.expected,
                ]
                object["suggestion"] = problem.suggestion
                return object
            }
            Console.output(JSONText.line(["file": path, "ok": false, "errors": errors]) + "\n")
            Foundation.exit(2)
        }
        let count = refusal.problems.count == 1 ? "1 error" : "\(refusal.problems.count) errors"
        let lines = refusal.problems.map { "  \($0)" }.joined(separator: "\n")
        throw Failure("\(path): \(count):\n\(lines)", hint: "tollgate policy test --help")
    }

    private func object(_ outcome: CaseFile.Outcome) -> [String: Any] {
        var object: [String: Any] = [
            "case": outcome.index, "tool": outcome.test.tool, "expected": outcome.test.expected.rawValue,
            "found": outcome.found.verdict.rawValue,
        ]
        object["name"] = outcome.test.name
        object["expected_rule"] = outcome.test.rule
        object["found_rule"] = outcome.found.rule
        return object
    }
}
