import ArgumentParser
import AuditLog

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
    @Option(help: ArgumentHelp("Declarations and parameters of rules, JSON or YAML.", valueName: "file"))
    var rules: String?
    @Flag(help: "Read what there is, then end.")
    var once = false

    func run() throws {
        let stop = StopSignal()
        let selection = selection
        let watch = AlertWatch(
            sinks: sink.isEmpty ? ["stdout"] : sink, ownLog: Places.home.log(named: "watch"),
            logs: { selection.paths.isEmpty ? Places.home.logs() : try selection.logs() }, once: once,
            settings: try DetectionOptions.settings(rules: rules))
        try watch.run(until: stop.flag)
    }
}
