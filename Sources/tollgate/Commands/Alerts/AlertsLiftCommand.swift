import ArgumentParser

/// `tollgate alerts lift`: the same as `tollgate brake lift`, for whoever has an alert in hand.
struct AlertsLiftCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lift", abstract: "Lift the brake that an alert has put on: `tollgate brake lift`.",
        discussion: """
            Example:
              tollgate alerts lift 5c9d3a1be07f4412 --why "the loop is fixed"
            """)

    @Argument(help: ArgumentHelp("The alert's id.", valueName: "id"))
    var id: String
    @Option(help: ArgumentHelp("Why, at most 500 characters; it stands in the log.", valueName: "text"))
    var why: String?
    @OptionGroup var desk: ApprovalDeskOptions

    func run() throws { try BrakeTalk(desk).lift(id, why: why) }
}
