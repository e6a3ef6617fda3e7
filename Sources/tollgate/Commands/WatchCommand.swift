import Alerts
import ArgumentParser
import AuditLog
import Detection
import Events
import Foundation
import Terminal

/// `tollgate watch`: follows the logs and raises alerts.
struct WatchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Follow all logs and raise alerts: runaway loops and call storms.",
        discussion: """
            Each alert, firing and resolved, is a record of watch's own log (logs/watch) and goes to every sink:
            stdout, stdout:json, file:PATH (NDJSON), command:["program","argument"] (JSON on its standard input).

            Example:
              tollgate watch --sink stdout --sink file:/var/log/tollgate-alerts.ndjson
              tollgate watch --once                 what would have fired, over everything there is
            """)

    @OptionGroup var selection: LogSelection
    @Option(help: ArgumentHelp("Where alerts go; may be repeated. The default is stdout.", valueName: "sink"))
    var sink: [String] = []
    @Flag(help: "Read what there is, then end.")
    var once = false

    /// Detectors begin with what happened in the last day.
    private static let warmUp: Int64 = 86_400_000_000

    func run() throws {
        let sinks = try (sink.isEmpty ? ["stdout"] : sink).map { try SinkDescription.parse($0) }
        for sink in sinks { try sink.check() }
        var options = LogOptions()
        options.purpose = .watch
        options.version = Version.text
        let own = try LogWriter.open(Places.home.log(named: "watch"), options: options)
        defer { try? own.close() }
        let dispatcher = SinkDispatcher(sinks: sinks) { report in Console.error("tollgate: \(report)\n") }
        defer { dispatcher.close() }
        var watcher = Watcher(
            settings: DetectionSettings(), delivery: once ? .everything : .sinceLastWatch,
            append: { control in
                guard own.append(control) != nil else {
                    throw Failure("the log of alerts cannot be written", status: 6)
                }
            },
            deliver: { dispatcher.enqueue($0) },
            problem: { Console.error("tollgate: \($0)\n") })
        try recall(own, into: &watcher)
        let stop = StopSignal()
        try follow(own, &watcher, until: stop)
        if once { try watcher.finish(now: Console.now) }
        if !dispatcher.drain(timeoutMilliseconds: 15_000) {
            Console.error("tollgate: some alerts could not be delivered in time\n")
        }
    }

    private func recall(_ own: LogWriter, into watcher: inout Watcher) throws {
        let reader = try LogReader(own.log)
        while reader.nextSeq < own.recovery.nextSeq, let block = try reader.nextBlock() {
            block.forEachLine { _, line in
                if let record = try? Record(utf8: line) { watcher.recall(record) }
            }
        }
    }

    private func follow(_ own: LogWriter, _ watcher: inout Watcher, until stop: StopSignal) throws {
        var known: Set<LogDirectory> = [own.log]
        var lookedForLogs: Timestamp?
        while !stop.isSet {
            let now = Console.now
            if lookedForLogs.map({ now.since($0) > 500_000 }) ?? true {
                lookedForLogs = now
                let logs = selection.paths.isEmpty ? Places.home.logs() : try selection.logs()
                for log in logs where known.insert(log).inserted {
                    let reader =
                        once ? try LogReader(log) : try LogReader(log, fromTime: now.advanced(by: -Self.warmUp))
                    watcher.follow(WatchedLog(name: log.name) { try reader.nextBlock()?.bytes })
                }
            }
            switch try watcher.step(now: now) {
            case .more: continue
            case .caughtUp:
                if once { return }
                usleep(100_000)
            }
        }
    }
}
