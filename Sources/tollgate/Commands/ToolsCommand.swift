import ArgumentParser
import AuditLog
import Events
import Foundation
import Gateway
import Policy
import Terminal

/// `tollgate tools`: what servers offer, and what becomes of it.
struct ToolsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tools",
        abstract: "List what servers offer: each tool's class of harm, the rules that cover it, changed definitions.",
        discussion: """
            Behind '--' a command is started, asked for its tools and ended; the listing is kept, and the next one says
            what has changed. Otherwise it tells what logs know, and what the gateway that writes one has listed: the
            logs given, the log of --config, or all of this user's.

            Example:
              tollgate tools --policy policy.json -- uvx awslabs.ecs-mcp-server
              tollgate tools --log ~/.local/share/tollgate/logs/ecs-mcp-server
              tollgate tools --config serve.json --json
            """)

    @Option(help: ArgumentHelp("Say how this policy stands to the tools, whichever decided before.", valueName: "file"))
    var policy: String?
    @Option(
        help: ArgumentHelp("The configuration of `serve`: its log, and the policies of its grants.", valueName: "file"))
    var config: String?
    @OptionGroup var selection: LogSelection
    @Option(
        help: ArgumentHelp(
            "Show this server only; before '--': what to call the server that is started.", valueName: "name"))
    var server: String?
    @Option(help: ArgumentHelp("How long the started server may take for its list.", valueName: "seconds"))
    var timeout = 60
    @Flag(help: "Print one JSON object.")
    var json = false
    @Argument(parsing: .postTerminator, help: ArgumentHelp("The server's command, after '--'.", valueName: "command"))
    var command: [String] = []

    func validate() throws {
        guard (1...3600).contains(timeout) else { throw ValidationError("--timeout takes 1 to 3600 seconds") }
        guard command.isEmpty || (selection.paths.isEmpty && config == nil) else {
            throw ValidationError("a command is asked by itself: --log and --config do not go with it")
        }
        guard selection.paths.isEmpty || config == nil else { throw ValidationError("--log or --config, not both") }
    }

    func run() throws {
        let own = try policy.map { try PolicyLoader.load(Places.absolute($0)) }
        var listing = ToolListing()
        if command.isEmpty {
            try lookAtLogs(own, into: &listing)
        } else {
            try listing.add(startServer(), log: nil) { _ in own.map { [$0] } ?? [] }
        }
        if json { return Console.output(listing.json + "\n") }
        guard !listing.isEmpty else { return Console.error("tollgate: no tool was listed or called\n") }
        Console.output(listing.table(on: Console.display))
    }

    private func startServer() throws -> [OfferedTool] {
        let name = server ?? ServerName.infer(from: command)
        var limits = ToolProbe.Limits()
        limits.milliseconds = timeout * 1000
        let tools = try ToolProbe(version: Version.text, limits: limits).list(command, server: name)
        return try ToolMemory(server: name, stateFolder: Places.state).update(tools, now: Console.now)
    }

    private func lookAtLogs(_ own: CompiledPolicy?, into listing: inout ToolListing) throws {
        let settings = try config.map { file in
            try ServeSettings.load(Places.absolute(file), environment: ProcessInfo.processInfo.environment)
        }
        let logs = try settings.map { [LogDirectory(path: $0.configuration.log)] } ?? selection.logs()
        for log in logs {
            var logged = LoggedTools()
            var progress = Console.progress("reading", unit: "records")
            try logged.read(log) { progress.update($0, now: Console.now) }
            progress.finish()
            if logged.omitted > 0 {
                Console.error("tollgate: \(logged.omitted) records of \(log.name) name further tools, not shown\n")
            }
            let live = try ask(log)
            let tools = logged.offered(relistedBy: live, now: Console.now)
                .filter { server == nil || $0.server == server }
            var archive = PolicyShelf(log: log)
            listing.add(tools, log: logs.count > 1 ? log.name : nil) { tool in
                if let own { return [own] }
                if let settings { return settings.policies(atServer: tool.server) }
                return archive.policies(logged.policyDigests[tool.server] ?? [:])
            }
        }
    }

    /// What the process that writes a log has listed; nothing where none does.
    private func ask(_ log: LogDirectory) throws -> [OfferedTool] {
        do throws(ControlError) {
            let reply = try ControlClient.send(ControlRequest(.tools), log: log.path)
            return (reply["tools"]?.list ?? []).compactMap { OfferedTool($0) }
        } catch {
            guard error.code == .notRunning else { throw error }
            return []
        }
    }
}
