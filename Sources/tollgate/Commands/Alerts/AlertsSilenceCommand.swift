import Alerts
import ArgumentParser
import Events
import Foundation
import Terminal

/// `tollgate alerts ack`.
struct AlertsAckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ack", abstract: "Say that somebody looks after an alert.",
        discussion: """
            It is not told again while it grows; that it became more severe, and that it is over, is.

            Example:
              tollgate alerts ack 4d30cb89e5d853b8 --reason "known, being fixed"
            """)

    @Argument(help: ArgumentHelp("The alert's id.", valueName: "id"))
    var id: String
    @Option(help: ArgumentHelp("Why; it stands in the watch's log.", valueName: "text"))
    var reason: String?
    @OptionGroup var desk: AlertDeskOptions

    func run() throws {
        try desk.ask(.acknowledge(id: id, reason: reason), hint: "tollgate alerts list")
    }
}

/// `tollgate alerts silence`.
struct AlertsSilenceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "silence", abstract: "Record matching alerts and tell nobody, for a while.",
        discussion: """
            All conditions must match: exact texts, or patterns with * and ?. What still fires when the silence ends is told
            then. With --expected-load nothing is muted that goes beyond so many times the rule's threshold.

            Example:
              tollgate alerts silence --agent 'ci-*' --tool build --for 2h --reason "release day"
              tollgate alerts silence --agent backfill --for 6h --expected-load 5 --reason "quarterly backfill"
            """)

    @Option(help: ArgumentHelp("The rule.", valueName: "pattern"))
    var rule: String?
    @Option(help: ArgumentHelp("Who calls.", valueName: "pattern"))
    var agent: String?
    @Option(help: ArgumentHelp("The tool's server.", valueName: "pattern"))
    var server: String?
    @Option(help: ArgumentHelp("The tool.", valueName: "pattern"))
    var tool: String?
    @Option(help: ArgumentHelp("info, warn or page.", valueName: "pattern"))
    var severity: String?
    @Option(name: .customLong("for"), help: ArgumentHelp("How long: 30m, 2h, 7d.", valueName: "duration"))
    var length: String
    @Option(help: ArgumentHelp("Why; it stands in the watch's log.", valueName: "text"))
    var reason: String
    @Option(help: ArgumentHelp("Raise thresholds so many times instead of muting.", valueName: "factor"))
    var expectedLoad: Double?
    @OptionGroup var desk: AlertDeskOptions

    func run() throws {
        let given: [(AlertMatcher.Field, String?)] = [
            (.rule, rule), (.agent, agent), (.server, server), (.tool, tool), (.severity, severity),
        ]
        let matchers = given.compactMap { field, pattern in pattern.map { AlertMatcher(field, $0) } }
        try desk.ask(
            .silence(matchers, length: length, reason: reason, factor: expectedLoad), hint: "tollgate alerts silences")
    }
}

extension DeskRequest {
    /// A silence as a person asks for it.
    ///
    /// - Parameters:
    ///   - matchers: its conditions.
    ///   - length: how long, `2h`.
    ///   - reason: why.
    ///   - factor: an expected load.
    /// - Throws: `Failure` where there is no condition, or a value is out of bounds.
    static func silence(_ matchers: [AlertMatcher], length: String, reason: String, factor: Double?) throws
        -> DeskRequest
    {
        guard !matchers.isEmpty else {
            throw Failure(
                "a silence needs a condition", hint: "tollgate alerts silence --tool NAME --for 2h --reason …")
        }
        guard let microseconds = TimeArgument.duration(length), microseconds > 0 else {
            throw Failure("cannot read the duration '\(VisibleText.of(length))'", hint: "--for 30m, 2h or 7d")
        }
        guard microseconds <= 366 * 86_400_000_000 else {
            throw Failure("a silence ends within a year", hint: "--for 30d")
        }
        guard factor.map({ $0 > 1 && $0 <= 1000 }) ?? true else {
            throw Failure("--expected-load is a factor from 1 to 1000", hint: "--expected-load 5")
        }
        guard !reason.isEmpty, reason.utf8.count <= 500 else {
            throw Failure("--reason has 1 to 500 bytes", hint: "tollgate alerts silence --help")
        }
        return .silence(matchers: matchers, microseconds: microseconds, reason: reason, factor: factor)
    }
}

/// `tollgate alerts silences`.
struct AlertsSilencesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "silences", abstract: "List the silences that hold, the first to end first.",
        discussion: """
            Example:
              tollgate alerts silences --json
            """)

    @OptionGroup var desk: AlertDeskOptions

    func run() throws {
        let silences = try desk.outbox().silences(now: Console.now)
        if desk.json {
            let list = silences.map { SilenceJSON($0) }
            return Console.output(try AlertJSON.text(list) + "\n")
        }
        if silences.isEmpty { Console.error("tollgate: no silence holds\n") }
        for silence in silences {
            let words = [silence.id, silence.summary, silence.by, silence.reason]
            Console.output(words.map { VisibleText.of($0) }.joined(separator: "\t") + "\n")
        }
    }
}

/// A silence for programs.
private struct SilenceJSON: Encodable {
    var id: String
    var matchers: [String: String]
    var from: String
    var until: String
    var by: String
    var reason: String
    var expectedLoad: Double?

    init(_ silence: Silence) {
        id = silence.id
        matchers = Dictionary(silence.matchers.map { ($0.field.rawValue, $0.pattern) }) { $1 }
        from = Timestamp(microseconds: silence.from).description
        until = Timestamp(microseconds: silence.until).description
        by = silence.by
        reason = silence.reason
        expectedLoad = silence.factor
    }
}

/// `tollgate alerts unsilence`.
struct AlertsUnsilenceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unsilence", abstract: "End a silence; what still fires is told at once.",
        discussion: """
            Example:
              tollgate alerts unsilence 0f3a5c7e91b2d4f6
            """)

    @Argument(help: ArgumentHelp("The silence's id.", valueName: "id"))
    var id: String
    @OptionGroup var desk: AlertDeskOptions

    func run() throws {
        try desk.ask(.unsilence(id: id), hint: "tollgate alerts silences")
    }
}

/// `tollgate alerts resend`.
struct AlertsResendCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resend", abstract: "Deliver an alert's dead messages again, or what it says now.",
        discussion: """
            Example:
              tollgate alerts resend 4d30cb89e5d853b8
            """)

    @Argument(help: ArgumentHelp("The alert's id.", valueName: "id"))
    var id: String
    @OptionGroup var desk: AlertDeskOptions

    func run() throws {
        try desk.ask(.resend(id: id), hint: "tollgate alerts list --all")
    }
}
