public import ArgumentParser
import Events
public import Reports
import Terminal
import Warehouse

/// `tollgate report`: one question, one answer.
struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Who called what, how often, what was denied and why.",
        discussion: """
            Example:
              tollgate report weekly --format html --out week.html
              tollgate report rates --since 24h
              tollgate report denials --since 7d --json
              tollgate report agent ci-builder --since 28d
            """,
        subcommands: [
            WeeklyReportCommand.self, RatesReportCommand.self, DenialsReportCommand.self, AlertsReportCommand.self,
            LimitsReportCommand.self, AgentReportCommand.self, ToolReportCommand.self,
        ],
        defaultSubcommand: WeeklyReportCommand.self)
}

/// What all reports share.
struct ReportOptions: ParsableArguments {
    @OptionGroup var selection: LogSelection
    @OptionGroup var warehouse: WarehouseSelection
    @Option(help: ArgumentHelp("The time zone of days and times, by its name in the tz database.", valueName: "zone"))
    var tz = "UTC"
    @Flag(help: "Do not load what is new in the logs first.")
    var noIngest = false

    func store() throws -> WarehouseStore {
        try Loading.store(selection, warehouse, ingests: !noIngest)
    }
}

/// The options of reports over a span of time.
struct SpanOptions: ParsableArguments {
    @OptionGroup var report: ReportOptions
    @OptionGroup var times: TimeSelection
    @Flag(help: "Print JSON.")
    var json = false
    @Flag(help: "Print CSV.")
    var csv = false

    func period(in store: WarehouseStore) throws -> Period {
        try ReportWindow.resolve(since: times.since?.timestamp, until: times.until?.timestamp, in: store)
    }

    func zone(_ period: Period) throws -> ReportZone {
        try ReportZone(report.tz, covering: period)
    }

    func show(_ report: some Report) throws {
        let display = Console.display
        let format: ReportFormat = json ? .json : csv ? .csv : .text
        let text = try report.rendered(
            as: format, width: display.columns, palette: Palette(usesColour: display.usesColour && format == .text))
        Console.output(text)
        // A table for a spreadsheet has no place for it.
        if format == .csv, let caveat = report.caveat { Console.error(caveat + "\n") }
    }
}

/// `tollgate report rates`.
struct RatesReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rates", abstract: "Calls per agent: how many, how fast, at what peak.",
        discussion: "Example:\n  tollgate report rates --since 24h")
    @OptionGroup var options: SpanOptions

    func run() throws {
        let store = try options.report.store()
        let period = try options.period(in: store)
        try options.show(try RatesReport.make(from: store, in: period, zone: try options.zone(period)))
    }
}

/// `tollgate report denials`.
struct DenialsReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "denials", abstract: "What was denied or throttled, by rule, agent and tool.",
        discussion: "Example:\n  tollgate report denials --since 7d --csv")
    @OptionGroup var options: SpanOptions

    func run() throws {
        let store = try options.report.store()
        let period = try options.period(in: store)
        try options.show(try DenialsReport.make(from: store, in: period, zone: try options.zone(period)))
    }
}

/// `tollgate report alerts`.
struct AlertsReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alerts", abstract: "Alerts: firing, resolved, by whom and why.",
        discussion: "Example:\n  tollgate report alerts --since 7d", aliases: ["anomalies"])
    @OptionGroup var options: SpanOptions

    func run() throws {
        let store = try options.report.store()
        let period = try options.period(in: store)
        try options.show(try AlertsReport.make(from: store, in: period, zone: try options.zone(period)))
    }
}

/// `tollgate report limits`.
struct LimitsReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "limits", abstract: "How near calls came to their limits, and which tools have none.",
        discussion: "Example:\n  tollgate report limits --since 28d")
    @OptionGroup var options: SpanOptions

    func run() throws {
        let store = try options.report.store()
        let period = try options.period(in: store)
        try options.show(try LimitsReport.make(from: store, in: period, zone: try options.zone(period)))
    }
}

/// `tollgate report agent`.
struct AgentReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agent", abstract: "One agent: its tools, limits, denials, hours and alerts.",
        discussion: "Example:\n  tollgate report agent ci-builder --since 28d")
    @Argument(help: ArgumentHelp("The agent; (unresolved) for callers that were not known.", valueName: "name"))
    var name: String
    @OptionGroup var options: SpanOptions

    func run() throws {
        let store = try options.report.store()
        let period = try options.period(in: store)
        try options.show(try AgentReport.make(of: name, from: store, in: period, zone: try options.zone(period)))
    }
}

/// `tollgate report tool`.
struct ToolReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tool", abstract: "One tool: its agents, limits, denials, hours and alerts.",
        discussion: "Example:\n  tollgate report tool build_and_push_image_to_ecr --since 28d")
    @Argument(help: ArgumentHelp("The tool, or server/tool where several servers have it.", valueName: "name"))
    var name: String
    @OptionGroup var options: SpanOptions

    func run() throws {
        let store = try options.report.store()
        let period = try options.period(in: store)
        try options.show(try ToolReport.make(of: name, from: store, in: period, zone: try options.zone(period)))
    }
}

extension ReportFormat: ExpressibleByArgument {}
