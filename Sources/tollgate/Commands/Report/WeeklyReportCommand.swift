import Alerts
import ArgumentParser
import AuditLog
import Events
import Foundation
import Gateway
import Policy
import Reports
import Terminal
import Warehouse

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
    @Option(
        help: ArgumentHelp(
            "A policy whose tools nobody uses are to be found; may be given several times.", valueName: "file"))
    var policy: [String] = []
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
        options.timeZone = report.tz
        options.version = Version.text
        for path in policy { options.granted.append(try WeeklyReportCommand.tools(ofPolicyAt: path)) }
        options.generatedAt = generatedAt?.timestamp
        options.incidentID = { Alert.id(of: $0) }
        // A warehouse may be all there is: a report without logs has no heads.
        for log in (try? report.selection.logs()) ?? [] {
            guard let head = try KeptHead.newest(of: log) else { continue }
            options.heads.append(HeadFigures(log: log.name, size: head.head.size, note: head.note.whole))
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

    private static func tools(ofPolicyAt path: String) throws -> GrantedTools {
        let policy = try PolicyLoader.load(Places.absolute(path))
        let hidden = Set(policy.document.hide)
        return GrantedTools(
            policy: policy.name, tools: policy.document.tools.map(\.name).filter { !hidden.contains($0) })
    }
}
