import ArgumentParser

/// The command line: it parses arguments and wires the libraries together; what it does lives in them.
@main
struct Tollgate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tollgate",
        abstract: "A policy gateway for MCP servers: every decision becomes a durable, provable, queryable event.",
        discussion: """
            First steps:
              tollgate wrap ~/.cursor/mcp.json            watch what your agents call, without changing anything
              tollgate tail -f                            see it live; tollgate top: who calls what how often
              tollgate report weekly                      read it on Monday
              tollgate run --policy F -- COMMAND          enforce a policy around one server
              tollgate serve --config F                   a gateway over HTTP for many agents and servers

            Files live in $TOLLGATE_HOME, else $XDG_DATA_HOME/tollgate, else ~/.local/share/tollgate.
            """,
        version: Version.text,
        subcommands: [
            RunCommand.self, WrapCommand.self, ServeCommand.self, GrantCommand.self, ApprovalsCommand.self,
            BrakeCommand.self,
            TailCommand.self, TopCommand.self,
            IngestCommand.self, ReportCommand.self, DashboardCommand.self,
            WatchCommand.self, AlertsCommand.self, ExplainCommand.self, LogCommand.self, PolicyCommand.self,
            ToolsCommand.self,
            SimulateCommand.self,
            DoctorCommand.self,
        ])

    /// Errors of our own have a hint and an exit status; everything else is the argument parser's.
    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let failure as Failure {
            failure.report()
        } catch {
            if let failure = Failure(error) { failure.report() }
            // Help and version are no errors; what the parser refuses is usage, status 2.
            guard exitCode(for: error) != .success else { exit(withError: error) }
            let words = CommandLine.arguments.dropFirst().prefix { !$0.hasPrefix("-") }
            let known = configuration.subcommands.contains { $0._commandName == words.first }
            Failure(message(for: error), hint: known ? "tollgate \(words.first ?? "") --help" : "tollgate --help")
                .report()
        }
    }
}

/// What this build calls itself.
enum Version {
    static let text = "0.1.0"
}
