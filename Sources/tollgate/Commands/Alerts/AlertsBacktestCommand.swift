import Alerts
import ArgumentParser
import AuditLog
import Detection
import Events
import Foundation
import Terminal

/// `tollgate alerts backtest`: what would have fired.
struct AlertsBacktestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backtest",
        abstract: "Say what would have fired over logs that are there already, before a threshold is changed.",
        discussion: """
            Reads the logs and nothing else, and writes nothing. The detectors learn from the beginning of the logs; with
            --since only what fired from then on is shown. docs/DETECTION.md has the rules and their parameters.

            Exit status: 0 done, 2 unusable options or no such log, 5 a damaged log.

            Example:
              tollgate alerts backtest --since 28d
              tollgate alerts backtest --log DIR --set surge.page=100 --json
            """)

    @OptionGroup var selection: LogSelection
    @OptionGroup var times: TimeSelection
    @Option(help: ArgumentHelp("Another value of a rule's parameter; may be repeated.", valueName: "rule.name=value"))
    var set: [String] = []
    @Option(help: ArgumentHelp("A rule that is left out; may be repeated.", valueName: "rule"))
    var without: [String] = []
    @Option(help: ArgumentHelp("Declarations and parameters, JSON or YAML.", valueName: "file"))
    var rules: String?
    @Flag(help: "Print one JSON object per alert and line.")
    var json = false

    func run() throws {
        let settings = try DetectionOptions.settings(rules: rules, set: set, without: without)
        var backtest = AlertBacktest(settings: settings)
        backtest.since = times.since?.timestamp
        backtest.until = times.until?.timestamp
        let logs = try selection.logs().map { log in
            let reader = try LogReader(log)
            return WatchedLog(name: log.name) { try reader.nextBlock()?.bytes }
        }
        var progress = Console.progress("reading", unit: "records")
        try backtest.run(logs) { progress.update($0, now: Console.now) }
        progress.finish()
        if backtest.rejected > 0 {
            Console.error("tollgate: \(backtest.rejected) lines are no records and were passed over\n")
        }
        if json { return lines(backtest) }
        Console.output(table(backtest))
    }

    private func lines(_ backtest: AlertBacktest) {
        var text: [UInt8] = []
        for entry in backtest.entries { text += entry.json + [UInt8(ascii: "\n")] }
        Console.output(String(decoding: text, as: UTF8.self))
    }

    private func table(_ backtest: AlertBacktest) -> String {
        guard let first = backtest.first, let last = backtest.last else { return "no calls in these logs\n" }
        var text = "\(backtest.calls) calls from \(first) to \(last), \(backtest.agentWeeks) agent-weeks\n\n"
        var sums = TextTable([
            .init("rule"), .init("page", .right), .init("warn", .right), .init("info", .right),
            .init("pages per agent-week", .right),
        ])
        for rule in RuleName.allCases {
            let mine = backtest.entries.filter { $0.finding.rule == rule }
            guard !mine.isEmpty else { continue }
            sums.append(row(rule.rawValue, mine, backtest.agentWeeks))
        }
        sums.append(row("all", backtest.entries, backtest.agentWeeks))
        text += sums.render(width: Console.display.columns) + "\n"
        var table = TextTable([
            .init("fired", minimumWidth: 19), .init("severity"), .init("rule"), .init("agent", minimumWidth: 10),
            .init("tool", minimumWidth: 12), .init("what", minimumWidth: 30),
        ])
        for entry in backtest.entries where entry.finding.severity > .info {
            table.append([
                .init(String(entry.at.description.prefix(19))), .init(entry.finding.severity.rawValue),
                .init(entry.finding.rule.rawValue), .init(entry.finding.agent), .init(entry.finding.tool),
                .init(entry.finding.summary),
            ])
        }
        return text + table.render(width: Console.display.columns)
    }

    private func row(_ name: String, _ entries: [AlertBacktest.Entry], _ weeks: Int) -> [TextTable.Cell] {
        let counts = [Severity.page, .warn, .info].map { level in entries.count { $0.finding.severity == level } }
        let rate = String(format: "%.3f", Double(counts[0]) / Double(max(1, weeks)))
        return [.init(name)] + counts.map { .init("\($0)") } + [.init(rate)]
    }
}
