import ArgumentParser
import AuditLog
import Foundation
import Gateway
import Terminal

/// `tollgate grant`: who may call, at which servers, under which policy.
struct GrantCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "grant",
        abstract: "Make, list and end the grants of `serve`.",
        discussion: """
            A grant binds a token to an agent, its servers and its policy. The token is shown once; only its SHA-256 is
            kept. Where the gateway runs, a change takes effect at the next call.

            Example:
              tollgate grant create --config serve.json --id ci --agent ci-builder --server ecs --policy builders
            """,
        subcommands: [
            GrantCreateCommand.self, GrantListCommand.self, GrantRevokeCommand.self, GrantRotateCommand.self,
        ])
}

/// The options of all `grant` commands.
struct GrantDesk: ParsableArguments {
    @Option(help: ArgumentHelp("The configuration of `serve`.", valueName: "file"))
    var config: String
    @Flag(help: "Print JSON.")
    var json = false

    /// Has a request carried out: by the running gateway, else here.
    func ask(_ request: ControlRequest) throws -> ControlReply {
        let path = Places.absolute(config)
        let settings = try ServeSettings.load(path, environment: ProcessInfo.processInfo.environment)
        let log = LogDirectory(path: settings.configuration.log)
        do throws(ControlError) {
            return try check(try ControlClient.send(request, log: log.path))
        } catch {
            guard error.code == .notRunning else { throw error }
        }
        let book = GrantBook(settings)
        if request.action == .grants { return .done([("grants", book.list())]) }
        // The log's lock is held meanwhile: no gateway starts between the change and its record.
        let writer = try LogWriter.open(log)
        defer { try? writer.close() }
        let (reply, records) = try book.change(request, now: Console.now)
        for record in records { writer.append(record) }
        return reply
    }

    private func check(_ reply: ControlReply) throws(ControlError) -> ControlReply {
        if let refusal = reply.refusal { Failure(refusal.error, hint: refusal.hint).report() }
        return reply
    }

    /// Prints tokens that were just made, the only time they are shown.
    func show(_ reply: ControlReply) {
        let issued = reply["grants"]?.list ?? []
        if json { return Console.output(ControlValue.list(issued).json + "\n") }
        for grant in issued {
            Console.output("\(grant["id"]?.text ?? "")\t\(grant["agent"]?.text ?? "")\t\(grant["token"]?.text ?? "")\n")
        }
        Console.error("tollgate: these tokens are shown once; hand them over by a private way\n")
    }
}

/// `tollgate grant create`.
struct GrantCreateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a grant, or all of a CSV file, and show the tokens once.",
        discussion: """
            A CSV file has the header id,agent,server,policy[,expires,note]; all of its grants are made, or none.

            Example:
              tollgate grant create --config serve.json --id ci --agent ci-builder --server ecs --policy builders
              tollgate grant create --config serve.json --from agents.csv > tokens.tsv
            """)

    @OptionGroup var desk: GrantDesk
    @Option(help: ArgumentHelp("The grant's name in records; the agent's by default.", valueName: "id"))
    var id: String?
    @Option(help: ArgumentHelp("Who calls with it.", valueName: "name"))
    var agent: String?
    @Option(help: ArgumentHelp("A server that it opens, or '*'; may be repeated.", valueName: "name"))
    var server: [String] = []
    @Option(help: ArgumentHelp("The policy that decides its calls.", valueName: "name"))
    var policy: String?
    @Option(help: ArgumentHelp("When it ends, such as 2027-01-31T00:00:00.000000Z.", valueName: "time"))
    var expires: String?
    @Option(help: ArgumentHelp("What it is for.", valueName: "text"))
    var note: String?
    @Option(help: ArgumentHelp("Make the grants of a CSV file.", valueName: "file"))
    var from: String?

    func run() throws {
        if let from {
            let path = Places.absolute(from)
            guard let data = FileManager.default.contents(atPath: path) else {
                throw Failure("cannot read \(path)", hint: "ls -l \(path)")
            }
            let text = ControlValue.text(String(decoding: data, as: UTF8.self))
            return desk.show(try desk.ask(ControlRequest(.grantCreate, [("csv", text)])))
        }
        guard let agent, !server.isEmpty else {
            throw Failure("--agent and --server are needed, or --from", hint: "tollgate grant create --help")
        }
        var fields: [(name: String, value: ControlValue)] = [
            ("id", .text(id ?? agent)), ("agent", .text(agent)), ("servers", .list(server.map { .text($0) })),
        ]
        if let policy { fields.append(("policy", .text(policy))) }
        if let expires { fields.append(("expires", .text(expires))) }
        if let note { fields.append(("note", .text(note))) }
        desk.show(try desk.ask(ControlRequest(.grantCreate, fields)))
    }
}

/// `tollgate grant list`.
struct GrantListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List all grants; never their tokens.",
        discussion: """
            Example:
              tollgate grant list --config serve.json
            """)

    @OptionGroup var desk: GrantDesk

    func run() throws {
        let grants = try desk.ask(ControlRequest(.grants))["grants"]?.list ?? []
        if desk.json { return Console.output(ControlValue.list(grants).json + "\n") }
        for grant in grants {
            let servers = (grant["servers"]?.list ?? []).compactMap(\.text).joined(separator: ",")
            var line = "\(grant["id"]?.text ?? "")\t"
            if let revoked = grant["revoked"]?.text {
                line += "revoked \(revoked)"
            } else {
                line +=
                    "agent \(grant["agent"]?.text ?? "")\tservers \(servers)\tpolicy \(grant["policy"]?.text ?? "none")"
                if let expires = grant["expires"]?.text { line += "\texpires \(expires)" }
            }
            Console.output(line + "\n")
        }
    }
}

/// `tollgate grant revoke`.
struct GrantRevokeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "End a grant at once: its open sessions and streams are cut.",
        discussion: """
            Example:
              tollgate grant revoke ci --config serve.json
            """)

    @Argument(help: ArgumentHelp("The grant.", valueName: "id"))
    var id: String
    @OptionGroup var desk: GrantDesk

    func run() throws {
        _ = try desk.ask(ControlRequest(.grantRevoke, [("id", .text(id))]))
        Console.error("tollgate: grant \(id) is revoked\n")
    }
}

/// `tollgate grant rotate`.
struct GrantRotateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "Give a grant a new token; the old one is refused at once.",
        discussion: """
            Example:
              tollgate grant rotate ci --config serve.json
            """)

    @Argument(help: ArgumentHelp("The grant.", valueName: "id"))
    var id: String
    @OptionGroup var desk: GrantDesk

    func run() throws {
        desk.show(try desk.ask(ControlRequest(.grantRotate, [("id", .text(id))])))
    }
}
