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
            Names may hold '*'. Without --since or --after it begins with the last 20 lines. What cannot be read or shown is
            counted: '… 312 skipped' where a terminal could not take all, HOLE where a log is damaged or was removed.

            Example:
              tollgate tail -f --decision throttle --tool 'build_*'
              tollgate tail --since 1h --json | jq -r .agent | sort | uniq -c
              tollgate tail -f --json --refs --after platform/237      goes on behind that record, none twice, none left out
            """)

    @OptionGroup var live: LiveSelection
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
    @Option(
        name: [.long, .short, .customShort("n")],
        help: ArgumentHelp("Begin with the last so many lines.", valueName: "count"))
    var lines: Int?
    @Option(
        help: ArgumentHelp(
            "Begin behind this record of its log, and with the first of logs not named; may be repeated.",
            valueName: "log/seq"))
    var after: [String] = []
    @Flag(help: "Say of each line which record it is, LOG/SEQ.")
    var refs = false
    @Flag(help: "Also what is written but not durable yet.")
    var uncommitted = false
    @Flag(help: "Print the records' own lines; with --refs each has a field `record` more.")
    var json = false

    func run() throws {
        let places = try live.places()
        // While following, a log may yet come into being.
        let present = follow ? places.present() : try places.atLeastOne()
        let behind = try seqs(of: present)
        let output = Output.standardOutput()
        var (logs, view) = try showPast(present, places, behind, output)
        complain(&view)
        guard follow else { return }
        while output.isOpen {
            let now = Console.now
            if let until = times.until?.timestamp, now >= until.advanced(by: 1_000_000) { break }
            view.resize(view.display.remeasured(descriptor: 1))
            let count = try view.showNew(&logs.merger, to: output, now: now)
            complain(&view)
            try logs.look(now)
            if count == 0 { logs.wait() }
        }
        view.finish(to: output)
    }

    private var options: TailView.Options {
        var options = TailView.Options()
        options.json = json
        options.references = refs
        options.filter.agents = agent
        options.filter.servers = server
        options.filter.tools = tool
        options.filter.decisions = Set(decision)
        options.filter.reasons = Set(reason)
        options.filter.risks = Set(risk)
        options.filter.since = times.since?.timestamp
        options.filter.until = times.until?.timestamp
        options.filter.text = grep
        return options
    }

    /// Shows what is there: all that was asked for, or the last lines, looked for further and further back.
    private func showPast(
        _ present: [LogDirectory], _ places: LivePlaces, _ behind: [LogDirectory: UInt64], _ output: Output
    ) throws -> (LiveLogs, TailView) {
        let isBounded = times.since != nil || !after.isEmpty
        let last = lines ?? (isBounded || (json && !follow) ? nil : 20)
        var end: Timestamp?
        if last != nil, !isBounded { end = try present.compactMap { try LiveLogs.newest($0) }.max() }
        if let limit = times.until?.timestamp { end = end.map { min($0, limit) } }
        // What is usual is learned from what stands before the first line shown.
        let beginnings: [Timestamp?] = end.map { end in TailCommand.steps.map { end.advanced(by: -$0) } } ?? []
        for beginning in beginnings + [nil] {
            var logs = try LiveLogs(present, of: places) { try open($0, from: beginning, behind[$0]) }
            var view = TailView(display: Console.display, options: options)
            var progress = Console.progress("reading", unit: "records")
            let isShown = try view.showPast(
                &logs.merger, to: output, last: last, isWhole: beginning == nil, goesOn: follow
            ) { count in
                if let count { progress.update(count, now: Console.now) } else { progress.finish() }
            }
            if isShown { return (logs, view) }
        }
        throw ExitCode.failure
    }

    /// How far before the newest record the last lines are looked for, in microseconds, before the whole logs are read.
    private static let steps: [Int64] = [6 * 3_600_000_000, 4 * 86_400_000_000]

    /// An hour more than asked for, so that the view knows what is usual.
    private func open(_ log: LogDirectory, from beginning: Timestamp?, _ seq: UInt64?) throws -> LiveLogs.Beginning {
        if let seq {
            let reader = try LogReader(log, from: seq + 1, uncommitted: uncommitted)
            return LiveLogs.Beginning(reader: reader, missing: seq + 1..<max(reader.nextSeq, seq + 1))
        }
        guard let time = times.since?.timestamp.advanced(by: -3_600_000_000) ?? beginning else {
            return LiveLogs.Beginning(reader: try LogReader(log, uncommitted: uncommitted))
        }
        return LiveLogs.Beginning(reader: try LogReader(log, fromTime: time, uncommitted: uncommitted))
    }

    /// The records behind which to begin, by log.
    private func seqs(of logs: [LogDirectory]) throws -> [LogDirectory: UInt64] {
        var found: [LogDirectory: UInt64] = [:]
        for text in after {
            guard let (name, seq) = TailReference.parse(text) else {
                throw Failure("'\(VisibleText.of(text))' is no record", hint: "tollgate tail --after LOG/SEQ")
            }
            guard let log = logs.first(where: { $0.name == name }) else {
                let names = logs.map(\.name).joined(separator: ", ")
                throw Failure(
                    "there is no log '\(VisibleText.of(name))' among these: \(names)",
                    hint: "tollgate tail --after LOG/SEQ --log DIR", status: 1)
            }
            found[log] = max(found[log] ?? 0, seq)
        }
        return found
    }

    private func complain(_ view: inout TailView) {
        for hole in view.takeComplaints() { Console.error("tollgate: \(VisibleText.of(hole))\n") }
    }
}
