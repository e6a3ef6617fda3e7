import ArgumentParser
import AuditLog
import Events
import Foundation
import Terminal

/// `tollgate top`: agents × tools, live.
struct TopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract: "Show which agents call which tools, how often now and usually, what is denied and what fails, live.",
        discussion: """
            Alerts that fire stand above the table. Keys: arrows and Enter to look into an agent's tools and a pair's newest
            calls, Esc to go back, < and > to sort, / to filter, p to pause, s to silence a row's alerts, ? for all keys,
            q to quit. Nothing is written but the silences that you confirm.

            Example:
              tollgate top
              tollgate top --sort errors --filter 'ci- build'
              tollgate top --once --json | jq '.rows[] | select(.calls_last_minute > 100)'
            """)

    @OptionGroup var live: LiveSelection
    @Option(help: ArgumentHelp("The column to sort by.", valueName: "column"))
    var sort: TopColumn = .rate
    @Option(help: ArgumentHelp("Only agents and tools whose names contain these words.", valueName: "words"))
    var filter = ""
    @Option(help: ArgumentHelp("How far back calls, denied, throttled and errors go.", valueName: "duration"))
    var window: TopWindow = .five
    @Option(help: ArgumentHelp("How far back it reads first, to know what is usual.", valueName: "duration"))
    var learn = "6h"
    @Option(help: ArgumentHelp("How often the screen is refreshed: 1s to 60s.", valueName: "duration"))
    var every = "1s"
    @Flag(help: "Print the table once and end; no terminal is needed.")
    var once = false
    @Flag(help: "Print one JSON object; implies --once.")
    var json = false

    func run() throws {
        guard TopColumn.sortable.contains(sort) else {
            throw Failure("rows cannot be sorted by '\(sort.rawValue)'", hint: "tollgate top --sort rate")
        }
        guard let learning = TimeArgument.duration(learn), learning <= 366 * 86_400_000_000 else {
            throw Failure("cannot read the duration '\(VisibleText.of(learn))'", hint: "tollgate top --learn 6h")
        }
        guard let interval = TimeArgument.duration(every), (1_000_000...60_000_000).contains(interval) else {
            throw Failure("--every is from 1s to 60s", hint: "tollgate top --every 2s")
        }
        let places = try live.places()
        guard !once, !json else { return try printOnce(places, learning) }
        guard Console.display.isTerminal, isatty(STDIN_FILENO) == 1 else {
            throw TopLoop.noTerminal
        }
        var model = TopModel()
        var logs = try read(places.present(), places, learning, into: &model)
        var screen = TopScreen(
            sort: TopSort(sort), minutes: window.minutes, filter: filter, now: Console.now)
        let signal = try TopLoop(places, interval: interval).run(&logs, &model, &screen)
        if let signal, signal != SIGINT { RawTerminal.end(by: signal) }
    }

    /// Reads what is there, from long enough ago to know what is usual.
    private func read(
        _ present: [LogDirectory], _ places: LivePlaces, _ learning: Int64, into model: inout TopModel
    ) throws -> LiveLogs {
        let beginning = Console.now.advanced(by: -learning)
        var logs = try LiveLogs(present, of: places) { log in
            LiveLogs.Beginning(reader: try LogReader(log, fromTime: beginning))
        }
        var progress = Console.progress("reading", unit: "records")
        while let entry = try logs.merger.next() {
            model.observe(entry)
            if model.records.isMultiple(of: 1_024) { progress.update(model.records, now: Console.now) }
        }
        progress.finish()
        return logs
    }

    private func printOnce(_ places: LivePlaces, _ learning: Int64) throws {
        var model = TopModel()
        _ = try read(try places.atLeastOne(), places, learning, into: &model)
        let now = Console.now
        var desk = TopDesk(watchLog: places.watchLog)
        let alerts = desk.alerts(at: now)
        let rows = TopSort(sort).sorted(model.rows(.pairs, at: now, minutes: window.minutes, filter: filter))
        if json { return Console.output(try TopJSON(rows, alerts, now, minutes: window.minutes).text() + "\n") }
        if let trouble = alerts.trouble { Console.error("tollgate: \(trouble)\n") }
        if rows.isEmpty { Console.error("tollgate: nobody has called within the last hour\n") }
        let display = Console.display
        Console.output(
            TopListing(rows: rows, alerts: alerts, now: now)
                .text(width: display.columns, Palette(usesColour: display.usesColour)))
    }
}

/// How far back counts go.
enum TopWindow: String, CaseIterable, ExpressibleByArgument {
    case five = "5m"
    case fifteen = "15m"
    case hour = "1h"

    var minutes: Int {
        switch self {
        case .five: 5
        case .fifteen: 15
        case .hour: 60
        }
    }
}
