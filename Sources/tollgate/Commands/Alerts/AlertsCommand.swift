import ArgumentParser

/// `tollgate alerts`: what fired, and what would have.
struct AlertsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alerts", abstract: "Alerts: try rules and thresholds on logs that are there already.",
        discussion: """
            Example:
              tollgate alerts backtest --log ~/.local/share/tollgate/logs/ecs --since 28d
            """, subcommands: [AlertsBacktestCommand.self])
}
