import Alerts
public import ArgumentParser
import AuditLog
import Events
import Foundation
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
            """,
        subcommands: [
            WeeklyReportCommand.self, RatesReportCommand.self, DenialsReportCommand.self, AlertsReportCommand.self,
        ],
        defaultSubcommand: WeeklyReportCommand.self)
}

/// What all reports share.
struct ReportOptions: ParsableArguments {
    @OptionGroup var selection: LogSelection
    @OptionGroup var warehouse: WarehouseSelection
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
        try options.show(try RatesReport.make(from: store, in: try options.period(in: store)))
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
        try options.show(try DenialsReport.make(from: store, in: try options.period(in: store)))
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
        try options.show(try AlertsReport.make(from: store, in: try options.period(in: store)))
    }
}

/// `tollgate report weekly`.
struct WeeklyReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "weekly",
        abstract: "The week on one page: verdict, incidents, agents, denials, what to change.",
        discussion: """
            Without --week: the last complete ISO week that has events, else the running one, marked partial.

            Example:
              tollgate report weekly --week 2026-W47 --format html --out week.html
            """)

    @OptionGroup var report: ReportOptions
    @Option(help: ArgumentHelp("The ISO week.", valueName: "2026-W47"))
    var week: String?
    @Option(help: ArgumentHelp("The time zone; only UTC for now.", valueName: "zone"))
    var tz = "UTC"
    @Option(help: "text, md, html or json.")
    var format = ReportFormat.text
    @Option(help: ArgumentHelp("Write to a file.", valueName: "file"))
    var out: String?
    @Option(help: ArgumentHelp("The time of making; the default is the last record's.", valueName: "time"))
    var generatedAt: Moment?

    func run() throws {
        var options = WeeklyOptions()
        if let week {
            guard let parsed = ISOWeek(week) else {
                throw Failure("'\(week)' is no ISO week", hint: "tollgate report weekly --week 2026-W47")
            }
            options.week = parsed
        }
        options.timeZone = tz
        options.generatedAt = generatedAt?.timestamp
        options.incidentID = { Alert.id(of: $0) }
        // A warehouse may be all there is: a report without logs has no heads.
        for log in (try? report.selection.logs()) ?? [] {
            guard let head = try KeptHead.newest(of: log) else { continue }
            options.heads.append(HeadFigures(log: log.name, note: head.note.whole))
        }
        let weekly = try WeeklyReport.make(from: try report.store(), options: options)
        let display = Console.display
        let isForPerson = out == nil && format == .text
        let text = try weekly.rendered(
            as: format, width: isForPerson ? display.columns : nil,
            palette: Palette(usesColour: isForPerson && display.usesColour))
        guard let out else { return Console.output(text) }
        let path = Places.absolute(out)
        guard
            FileManager.default.createFile(
                atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
        else {
            throw Failure(
                "cannot write \(path)", hint: "ls -ld \((path as NSString).deletingLastPathComponent)", status: 6)
        }
        Console.error("wrote \(path)\n")
    }
}

extension ReportFormat: ExpressibleByArgument {}
