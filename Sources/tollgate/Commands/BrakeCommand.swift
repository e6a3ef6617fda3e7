import ArgumentParser
import Foundation
import Gateway
import Terminal

/// `tollgate brake`: what stops a runaway agent's calls of one tool.
struct BrakeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "brake",
        abstract: "See, lift and put on the brakes that stop an agent's calls of one tool.",
        discussion: """
            A firing page puts a brake on where the agent's policy has a `brake`; a person may put one on by hand. It ends by
            itself after its cool-down, or when somebody lifts it. Who did it is the operating system's user, by the
            kernel's word; the gateway's log says so.

            Exit status: 0 done, 1 refused (no such brake is on), 2 usage, 3 no gateway runs.

            Example:
              tollgate brake list --config serve.json
              tollgate brake lift gw/1204 --why "the loop is fixed"
            """,
        subcommands: [BrakeListCommand.self, BrakeLiftCommand.self, BrakePutCommand.self],
        defaultSubcommand: BrakeListCommand.self)
}

/// `tollgate brake list`.
struct BrakeListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the brakes that are on, the oldest first.",
        discussion: """
            Example:
              tollgate brake list --config serve.json --json
            """)

    @OptionGroup var desk: ApprovalDeskOptions

    func run() throws {
        let brakes = try BrakeTalk(desk).standing()
        if desk.json { return Console.output(ControlValue.list(brakes).json + "\n") }
        if brakes.isEmpty { Console.error("tollgate: no brake is on\n") }
        for brake in brakes {
            let words: [String] = [
                brake["id"]?.text ?? "", brake["agent"]?.text ?? "", brake["server"]?.text ?? "",
                brake["tool"]?.text ?? "", "\(brake["action"]?.text ?? "") until \(brake["until"]?.text ?? "")",
                brake["alert"]?.text.map { "\(brake["rule"]?.text ?? "") alert \($0)" }
                    ?? "by \(brake["by"]?.text ?? "")",
            ]
            Console.output(words.map { VisibleText.of($0) }.joined(separator: "\t") + "\n")
        }
    }
}

/// `tollgate brake lift`.
struct BrakeLiftCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lift", abstract: "Lift a brake: the agent's calls of the tool are decided as before.",
        discussion: """
            A brake is named by its id or by the id of the alert that put it on. The same alert does not put it on again; a
            new one does.

            Example:
              tollgate brake lift gw/1204 --why "the loop is fixed"
            """)

    @Argument(help: ArgumentHelp("The brake's id, its number, or its alert's id.", valueName: "id"))
    var id: String
    @Option(help: ArgumentHelp("Why, at most 500 characters; it stands in the log.", valueName: "text"))
    var why: String?
    @OptionGroup var desk: ApprovalDeskOptions

    func run() throws { try BrakeTalk(desk).lift(id, why: why) }
}

/// `tollgate brake put`.
struct BrakePutCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "put", abstract: "Stop an agent's calls of one tool for a while.",
        discussion: """
            Calls are throttled, or denied where the policy's own brake denies. What is to last belongs into the policy.

            Example:
              tollgate brake put --agent ci-builder --server ecs --tool build_and_push_image_to_ecr --for 30m
            """)

    @Option(help: ArgumentHelp("Whose calls.", valueName: "name"))
    var agent: String
    @Option(help: ArgumentHelp("The server's configured name.", valueName: "name"))
    var server: String
    @Option(help: ArgumentHelp("The tool.", valueName: "name"))
    var tool: String
    @Option(
        name: .customLong("for"),
        help: ArgumentHelp(
            "How long, as 90s or 30m; the default is the policy's cool-down, else 15m.", valueName: "time"))
    var duration: String?
    @Option(help: ArgumentHelp("Why, at most 500 characters; it stands in the log.", valueName: "text"))
    var why: String?
    @OptionGroup var desk: ApprovalDeskOptions

    func run() throws {
        var fields: [(name: String, value: ControlValue)] = [
            ("agent", .text(agent)), ("server", .text(server)), ("tool", .text(tool)),
        ]
        if let why { fields.append(("why", .text(why))) }
        if let duration {
            guard let unit = ["s": 1, "m": 60, "h": 3600][duration.suffix(1)], let count = Int(duration.dropLast()),
                (1...86_400).contains(count)
            else { throw Failure("'\(duration)' is no time such as 90s or 30m", hint: "tollgate brake put --help") }
            fields.append(("seconds", .integer(count * unit)))
        }
        try BrakeTalk(desk).put(fields)
    }
}
