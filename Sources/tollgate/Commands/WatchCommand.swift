import Alerts
import ArgumentParser
import AuditLog
import Terminal

/// `tollgate watch`: follows the logs and raises alerts.
struct WatchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Follow all logs and raise alerts: runaway loops, call storms, floods of denials and the like.",
        discussion: """
            Each alert, firing and resolved, is a record of watch's own log (logs/watch) and goes to every sink:
            stdout, stdout:json, file:PATH (NDJSON), command:["program","argument"] (JSON on its standard input),
            alertmanager:URL (API version 2), webhook:URL (Alertmanager's payload version 4; with #hmac-env=NAME or
            #hmac-file=PATH behind the URL it is signed; #ca-file=PATH names whom to believe). Deliveries wait in
            logs/watch.alerts.sqlite until they are made; what the rules have learned is kept there too, and the next watch
            goes on from it.

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

    @Option(help: ArgumentHelp("How long a webhook's first alert of a group waits for others.", valueName: "duration"))
    var groupWait = "30s"
    @Option(help: ArgumentHelp("The least time between two messages about one group.", valueName: "duration"))
    var groupInterval = "5m"
    @Option(help: ArgumentHelp("When a group that still fires is told again.", valueName: "duration"))
    var repeatInterval = "4h"

    @Option(help: ArgumentHelp("How often what was learned is kept for the next start.", valueName: "duration"))
    var keepInterval = "60s"

    @Option(help: ArgumentHelp("Alert when no log has had a record for so long.", valueName: "duration"))
    var expectRecords: String?
    @Option(help: ArgumentHelp("Alert when records are missing from the warehouse for so long.", valueName: "duration"))
    var expectIngest: String?

    @Option(
        help: ArgumentHelp(
            "Who is told that the watch is alive, for a dead man's switch; may be repeated.", valueName: "sink"))
    var heartbeat: [String] = []
    @Option(help: ArgumentHelp("How often.", valueName: "duration"))
    var heartbeatEvery = "1m"

    private func duration(_ text: String) throws -> Int64 {
        if let microseconds = TimeArgument.duration(text) { return microseconds }
        throw Failure("cannot read the duration '\(VisibleText.of(text))'", hint: "--group-wait 30s")
    }

    func run() throws {
        var plan = try WatchPlan(sinks: sink.isEmpty ? ["stdout"] : sink, heartbeats: heartbeat)
        plan.heartbeatMicroseconds = max(1_000_000, try duration(heartbeatEvery))
        plan.setTimes(
            wait: try duration(groupWait), interval: try duration(groupInterval),
            repeating: try duration(repeatInterval))
        plan.expected.recordsMicroseconds = try expectRecords.map(duration)
        plan.expected.ingestMicroseconds = try expectIngest.map(duration)
        plan.settings = try DetectionOptions.settings(rules: rules)
        let stop = StopSignal()
        let selection = selection
        let logs = { selection.paths.isEmpty ? Places.home.logs() : try selection.logs() }
        var watch = AlertWatch(
            plan: plan, ownLog: Places.home.log(named: "watch"), logs: logs, once: once,
            brakes: once ? nil : BrakeRelay(logs: logs))
        watch.keepMicroseconds = max(1_000_000, try duration(keepInterval))
        try watch.run(until: stop.flag)
    }
}
