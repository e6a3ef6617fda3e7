import ArgumentParser
import AuditLog
import Events
import Foundation
import Terminal

/// `tollgate tail`: decisions as they happen.
struct TailCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail",
        abstract: "Show decisions, of all logs together, as they become durable.",
        discussion: """
            Names may hold '*'. Without --since it begins with the last 20 lines.

            Example:
              tollgate tail -f --decision throttle --tool 'build_*'
              tollgate tail --since 1h --json | jq -r .agent | sort | uniq -c
            """)

    @OptionGroup var selection: LogSelection
    @OptionGroup var times: TimeSelection
    @Flag(name: .shortAndLong, help: "Go on as new records come.")
    var follow = false
    @Option(help: ArgumentHelp("Only this agent; may be repeated.", valueName: "name"))
    var agent: [String] = []
    @Option(help: ArgumentHelp("Only this server.", valueName: "name"))
    var server: [String] = []
    @Option(help: ArgumentHelp("Only this tool.", valueName: "name"))
    var tool: [String] = []
    @Option(help: "Only this decision: allow, deny, throttle or hold.")
    var decision: [Verdict] = []
    @Option(help: ArgumentHelp("Only this reason, such as limit or default_deny.", valueName: "reason"))
    var reason: [Reason] = []
    @Option(help: "Only tools of this class: read, write, execute, destructive, financial or unknown.")
    var risk: [Risk] = []
    @Option(help: ArgumentHelp("Only lines that contain this text.", valueName: "text"))
    var grep: String?
    @Option(name: .shortAndLong, help: ArgumentHelp("Begin with the last so many lines.", valueName: "count"))
    var lines: Int?
    @Flag(help: "Also what is written but not durable yet.")
    var uncommitted = false
    @Flag(help: "Print the records' own lines.")
    var json = false

    func run() throws {
        var options = TailView.Options()
        options.json = json
        options.filter.agents = agent
        options.filter.servers = server
        options.filter.tools = tool
        options.filter.decisions = Set(decision)
        options.filter.reasons = Set(reason)
        options.filter.risks = Set(risk)
        options.filter.since = times.since?.timestamp
        options.filter.until = times.until?.timestamp
        options.filter.text = grep
        let output = Output.standardOutput()
        let display = Console.display
        var view = TailView(display: display, options: options)
        // While following, a log may yet come into being.
        var logs = follow && selection.paths.isEmpty ? Places.home.logs() : try selection.logs()
        var readers = try logs.map(reader)
        var merger = TailMerger(readers.map(source))
        let last = lines ?? (times.since == nil && !(json && !follow) ? 20 : nil)
        try view.showPast(&merger, to: output, last: last, goesOn: follow)
        guard follow else { return }
        var lookedForLogs = Console.now
        while output.isOpen {
            let now = Console.now
            if let until = times.until?.timestamp, now >= until.advanced(by: 1_000_000) { break }
            let count = try view.showNew(&merger, to: output, now: now)
            if selection.paths.isEmpty, now.since(lookedForLogs) > 500_000 {
                lookedForLogs = now
                let known = Set(logs)
                for log in Places.home.logs() where !known.contains(log) {
                    let added = try reader(log)
                    readers.append(added)
                    merger.add(source(added))
                    logs.append(log)
                }
                view.resize(display.remeasured(descriptor: 1))
            }
            if count == 0 { LogReader.awaitNews(readers, milliseconds: merger.isHolding ? 10 : 30) }
        }
    }

    /// An hour more than asked for, so that the view knows what is usual.
    private func reader(_ log: LogDirectory) throws -> LogReader {
        guard let since = times.since?.timestamp else { return try LogReader(log, uncommitted: uncommitted) }
        return try LogReader(log, fromTime: since.advanced(by: -3_600_000_000), uncommitted: uncommitted)
    }

    private func source(_ reader: LogReader) -> TailSource {
        TailSource(name: reader.log.name) {
            guard let block = try reader.nextBlock() else { return nil }
            var lines: [[UInt8]] = []
            lines.reserveCapacity(block.lineCount)
            block.forEachLine { _, line in lines.append(Array(line)) }
            return lines
        }
    }
}
