import ArgumentParser
import Foundation
import Gateway
import Policy

/// `tollgate policy`: tools around policies.
struct PolicyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy", abstract: "Check, explain, test, compare and propose policies.",
        subcommands: [
            PolicyCheckCommand.self, PolicyExplainCommand.self, PolicyTestCommand.self, PolicyBacktestCommand.self,
            PolicyRecommendCommand.self, PolicyConvertCommand.self,
        ])
}

/// `tollgate policy check`: every error of a document at once.
struct PolicyCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Read a policy and tell everything that is wrong with it.",
        discussion: """
            Exit status: 0 usable (there may be warnings), 2 refused.

            Example:
              tollgate policy check policy.json
            """)

    @Argument(help: ArgumentHelp("The policy.", valueName: "file"))
    var file: String
    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        let path = Places.absolute(file)
        let reading = try PolicyLoader.read(path)
        if json {
            Console.output(
                JSONText.line([
                    "file": path, "ok": reading.document != nil, "errors": reading.errors.map(object),
                    "warnings": reading.warnings.map(object),
                ]) + "\n")
        } else {
            for problem in reading.warnings { Console.output("warning: \(problem)\n") }
        }
        guard let document = reading.document else {
            if json { Foundation.exit(2) }
            let lines = reading.errors.map { "  \($0)" }.joined(separator: "\n")
            let count = reading.errors.count == 1 ? "1 error" : "\(reading.errors.count) errors"
            throw Failure("\(path): \(count):\n\(lines)", hint: "tollgate policy check --help")
        }
        guard !json else { return }
        let tools = document.tools.count == 1 ? "1 tool" : "\(document.tools.count) tools"
        Console.output("\(path): fine; default \(document.byDefault), \(tools) listed, \(document.hide.count) hidden\n")
    }

    private func object(_ problem: PolicyProblem) -> [String: Any] {
        var object: [String: Any] = [
            "code": "\(problem.code.rawValue)", "pointer": problem.pointer, "line": problem.line,
            "column": problem.column, "found": problem.found, "expected": problem.expected,
        ]
        object["suggestion"] = problem.suggestion
        return object
    }
}

/// `tollgate policy convert`: the normal form of a document.
struct PolicyConvertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert", abstract: "Print a policy in its normal form.",
        discussion: """
            Example:
              tollgate policy convert old.json > policy.json
            """)

    @Argument(help: ArgumentHelp("The policy.", valueName: "file"))
    var file: String

    func run() throws {
        let policy = try PolicyLoader.load(Places.absolute(file))
        Console.output(String(decoding: policy.document.normalForm, as: UTF8.self) + "\n")
    }
}
