import Alerts
import ArgumentParser
import AuditLog
import Events
import Foundation
import Gateway
import Terminal

/// `tollgate alerts`: what fires, and what people do about it.
struct AlertsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alerts",
        abstract: "See, acknowledge, silence and send again what `watch` found.",
        discussion: """
            A request is left in the watch's outbox, and the watch writes it into its log before it acts on it: who, when and
            why. Where no watch runs, the next one does it.

            Exit status: 0 done, 1 refused (there is no such alert or silence), 2 usage, 6 no watch has run here.

            Example:
              tollgate alerts list
              tollgate alerts ack 4d30cb89e5d853b8 --reason "known, being fixed"
              tollgate alerts silence --agent 'ci-*' --tool build --for 2h --reason "release day"
            """,
        subcommands: [
            AlertsListCommand.self, AlertsShowCommand.self, AlertsAckCommand.self, AlertsSilenceCommand.self,
            AlertsSilencesCommand.self, AlertsUnsilenceCommand.self, AlertsResendCommand.self,
            AlertsBacktestCommand.self,
        ],
        defaultSubcommand: AlertsListCommand.self)
}

/// Which watch is asked.
struct AlertDeskOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The configuration of `serve`.", valueName: "file"))
    var config: String?
    @Option(help: ArgumentHelp("The watch's own log; the default is logs/watch.", valueName: "dir"))
    var log: String?
    @Flag(help: "Print JSON.")
    var json = false

    /// The outbox beside the watch's log.
    func outbox() throws -> Outbox {
        try Outbox(existing: Places.outbox(of: ownLog()))
    }

    private func ownLog() throws -> LogDirectory {
        if let log { return LogDirectory(path: Places.absolute(log)) }
        guard let config else { return Places.home.log(named: "watch") }
        let settings = try ServeSettings.load(Places.absolute(config), environment: ProcessInfo.processInfo.environment)
        return LogDirectory(path: settings.configuration.watch.log)
    }

    /// Leaves a request and waits for the watch's answer, for three seconds at the most.
    func ask(_ request: DeskRequest, hint: String) throws {
        let outbox = try outbox()
        let number = try outbox.ask(request, who: Places.user, now: Console.now)
        let deadline = ContinuousClock().now + .seconds(3)
        while ContinuousClock().now < deadline {
            if let answer = try outbox.answer(to: number) { return try report(answer, hint: hint) }
            usleep(20_000)
        }
        if json { return Console.output(JSONText.line(["request": number, "state": "waiting"]) + "\n") }
        Console.error("tollgate: no watch has answered yet; it is done when one runs\nhint: tollgate watch\n")
    }

    private func report(_ answer: DeskAnswer, hint: String) throws {
        guard let done = answer.done else {
            throw Failure(VisibleText.of(answer.refusal ?? "refused"), hint: hint, status: 1)
        }
        if json { return Console.output(JSONText.line(["id": answer.id, "state": done]) + "\n") }
        Console.output("\(answer.id)\t\(VisibleText.of(done))\n")
    }
}

/// `tollgate alerts list`.
struct AlertsListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the open alerts, the oldest first.",
        discussion: """
            Example:
              tollgate alerts list --all --json
            """)

    @OptionGroup var desk: AlertDeskOptions
    @Flag(help: "Resolved ones too, of the last 30 days.")
    var all = false

    func run() throws {
        let standings = try desk.outbox().standings().filter { all || $0.state != "resolved" }
        if desk.json {
            return Console.output(try AlertJSON.text(standings.map { AlertJSON($0) }) + "\n")
        }
        if standings.isEmpty { Console.error("tollgate: no alert is open\n") }
        for standing in standings {
            let notice = standing.notice
            let target = [notice.server, notice.tool].compactMap(\.self).joined(separator: "/")
            let words = [
                notice.id, standing.state, notice.severity, notice.rule, notice.agent ?? "-", target, notice.summary,
            ]
            Console.output(words.map { VisibleText.of($0) }.joined(separator: "\t") + "\n")
        }
    }
}

/// `tollgate alerts show`.
struct AlertsShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show an alert's evidence, and what became of its messages.",
        discussion: """
            Example:
              tollgate alerts show 4d30cb89e5d853b8
            """)

    @Argument(help: ArgumentHelp("The alert's id.", valueName: "id"))
    var id: String
    @OptionGroup var desk: AlertDeskOptions

    func run() throws {
        let outbox = try desk.outbox()
        guard let standing = try outbox.standings().first(where: { $0.notice.id == id }) else {
            throw Failure("there is no alert \(VisibleText.of(id))", hint: "tollgate alerts list --all", status: 1)
        }
        var shown = AlertJSON(standing)
        shown.evidence = standing.notice.evidence
        shown.deliveries = try outbox.deliveries(of: id).map { AlertJSON.Delivery($0) }
        if desk.json { return Console.output(try AlertJSON.text(shown) + "\n") }
        let notice = standing.notice
        var rows = [
            ("id", notice.id), ("state", standing.state), ("rule", notice.rule), ("severity", notice.severity),
            ("agent", notice.agent ?? "-"), ("server", notice.server ?? "-"), ("tool", notice.tool ?? "-"),
            ("summary", notice.summary),
        ]
        if let who = standing.who { rows.append(("by", who)) }
        if let reason = standing.reason { rows.append(("reason", reason)) }
        rows += notice.evidence.sorted { $0.key < $1.key }.filter { $0.key != "id" }.map { ($0.key, $0.value) }
        for one in shown.deliveries ?? [] {
            rows.append(
                ("sent to", "\(one.sink): \(one.state), attempts \(one.attempts)\(one.error.map { ", \($0)" } ?? "")"))
        }
        for (name, value) in rows {
            Console.output(name.padding(toLength: 18, withPad: " ", startingAt: 0) + VisibleText.of(value) + "\n")
        }
    }
}

/// An alert for programs.
struct AlertJSON: Encodable {
    struct Delivery: Encodable {
        var sink: String
        var key: String
        var state: String
        var attempts: Int
        var error: String?

        init(_ queued: QueuedDelivery) {
            sink = queued.sink
            key = queued.delivery.key
            state = queued.state
            attempts = queued.attempts
            error = queued.error
        }
    }

    var id: String
    var state: String
    var rule: String
    var severity: String
    var agent: String?
    var server: String?
    var tool: String?
    var start: String
    var end: String?
    var summary: String
    var by: String?
    var reason: String?
    var evidence: [String: String]?
    var deliveries: [Delivery]?

    init(_ standing: AlertStanding) {
        let notice = standing.notice
        id = notice.id
        state = standing.state
        rule = notice.rule
        severity = notice.severity
        agent = notice.agent
        server = notice.server
        tool = notice.tool
        start = Timestamp(microseconds: notice.start).description
        end = notice.end.map { Timestamp(microseconds: $0).description }
        summary = notice.summary
        by = standing.who
        reason = standing.reason
    }

    static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
