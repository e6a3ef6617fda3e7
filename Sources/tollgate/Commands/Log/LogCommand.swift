import ArgumentParser

/// `tollgate log`: what can be done with a log itself.
struct LogCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log", abstract: "Check, prove, seal and repair a log.",
        subcommands: [
            LogVerifyCommand.self, LogProveCommand.self, LogMatchCommand.self, LogRecoverCommand.self,
            LogSealCommand.self, LogRetainCommand.self, LogReindexCommand.self, LogStatsCommand.self,
            LogExportCommand.self, LogAppendCommand.self,
        ])
}
