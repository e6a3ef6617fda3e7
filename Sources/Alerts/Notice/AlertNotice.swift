import Crypto
import Detection
public import Events

/// What a sink is told of one alert: everything a message needs, as it stood when the step was made.
///
/// It is what the outbox keeps, so a delivery after a restart says what it would have said before.
public struct AlertNotice: Sendable, Equatable, Codable {
    /// The same step has the same key in every run and replay.
    public var key: String
    /// The alert's id.
    public var id: String
    /// The rule, or the condition of a meta alert.
    public var rule: String
    /// `info`, `warn` or `page`.
    public var severity: String
    /// Who called; nil for an alert about tollgate itself.
    public var agent: String?
    /// The tool's server.
    public var server: String?
    /// The tool.
    public var tool: String?
    /// Whether it fires; a notice is of a firing or a resolved alert.
    public var isFiring: Bool
    /// Why there is a notice, such as `raised` or `cleared`.
    public var cause: String
    /// When the step was made, in microseconds since the epoch.
    public var at: Int64
    /// When what it is about began, in microseconds since the epoch.
    public var start: Int64
    /// When it was over, in microseconds since the epoch.
    public var end: Int64?
    /// What happened, in a sentence.
    public var summary: String
    /// What the rule counted, where an expected load may raise its threshold.
    public var observed: Int?
    /// What it was held against.
    public var threshold: Int?
    /// The evidence: counts, threshold, first and last record, the command that shows the calls; never argument values.
    public var evidence: [String: String]
    /// One JSON object without a newline, for files and commands.
    public var json: String
    /// One line for people.
    public var line: String

    /// Makes a notice.
    public init(
        key: String, id: String, rule: String, severity: String, agent: String? = nil, server: String? = nil,
        tool: String? = nil, isFiring: Bool, cause: String, at: Timestamp, start: Timestamp, end: Timestamp? = nil,
        summary: String, evidence: [String: String], json: String, line: String
    ) {
        self.key = key
        self.id = id
        self.rule = rule
        self.severity = severity
        self.agent = agent
        self.server = server
        self.tool = tool
        self.isFiring = isFiring
        self.cause = cause
        self.at = at.microseconds
        self.start = start.microseconds
        self.end = end?.microseconds
        self.summary = summary
        self.evidence = evidence
        self.json = json
        self.line = line
    }

    /// What groups notices into one message, and what sinks that know alerts by labels know this one by.
    public var labels: [String: String] {
        var labels = ["alertname": rule, "severity": severity]
        for (name, value) in [("agent", agent), ("server", server), ("tool", tool)] {
            if let value, !value.isEmpty { labels[name] = value }
        }
        return labels
    }

    /// 32 hexadecimal digits of SHA-256 over texts; their lengths keep apart what would run together.
    static func digest(_ parts: [String]) -> String {
        var hash = SHA256()
        for part in parts { hash.update(data: Array("\(part.utf8.count):\(part)".utf8)) }
        let digits = Array("0123456789abcdef")
        return String(hash.finalize().prefix(16).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}

extension AlertNotice {
    /// The notice of an alert's step.
    ///
    /// The key is made of what the step's record holds, so that one which a killed run had recorded and not queued is
    /// queued by the next under the same key.
    public init(_ step: AlertTransition) {
        let alert = step.alert
        let finding = alert.finding
        let moment = alert.resolvedAt ?? alert.firedAt ?? step.at
        self.init(
            key: Self.digest([
                alert.id, alert.state.rawValue, step.cause.rawValue, finding.severity.rawValue, "\(finding.attempts)",
                "\(moment.microseconds)",
            ]),
            id: alert.id, rule: finding.rule.rawValue, severity: finding.severity.rawValue, agent: finding.agent,
            server: finding.server, tool: finding.tool, isFiring: alert.state != .resolved, cause: step.cause.rawValue,
            at: step.at, start: alert.start, end: alert.resolvedAt, summary: finding.summary,
            evidence: step.evidence, json: String(decoding: step.json, as: UTF8.self), line: step.line)
        observed = finding.rule == .cap || finding.rule == .fleet ? finding.peakPerMinute : finding.attempts
        threshold = finding.threshold
    }
}

extension AlertTransition {
    /// The proof in words and numbers, each countable in the log by the command that stands among them.
    var evidence: [String: String] {
        let finding = alert.finding
        let log = finding.firstRecord.log
        var evidence = [
            "id": alert.id,
            "observed": "\(finding.attempts) calls, at most \(finding.peakPerMinute) within 60 s",
            "threshold": "\(finding.threshold)",
            "began": alert.start.description,
            "last_seen": finding.lastSeen.description,
            "attempts": "\(finding.attempts)",
            "denied": "\(finding.denied)",
            "denied_share": Self.share(finding.denied, of: finding.attempts),
            "same_arguments": "\(finding.same)",
            "peak_per_minute": "\(finding.peakPerMinute)",
            "first_record": finding.firstRecord.description,
            "last_record": finding.lastRecord.description,
            "command": command,
            "log": log,
        ]
        if let head { evidence["head"] = head }
        return evidence
    }

    /// Prints the calls; `*` stands for all agents, servers or tools.
    private var command: String {
        let finding = alert.finding
        // `--until` is exclusive.
        var words = ["tollgate tail --json --since \(alert.start) --until \(finding.lastSeen.advanced(by: 1))"]
        for (option, value) in [("agent", finding.agent), ("server", finding.server), ("tool", finding.tool)]
        where value != "*" {
            words.append("--\(option) \(Self.quoted(value))")
        }
        return words.joined(separator: " ")
    }

    /// A share with two decimals.
    private static func share(_ part: Int, of whole: Int) -> String {
        guard whole > 0 else { return "0.00" }
        let hundredths = (100 * part + whole / 2) / whole
        return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
    }

    /// A word of a shell's command line: agents and tools are named by strangers.
    private static func quoted(_ text: String) -> String {
        let isPlain =
            !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                    UInt8(ascii: "/"), UInt8(ascii: ":"), UInt8(ascii: "@"):
                    true
                default: false
                }
            }
        guard !isPlain || text.hasPrefix("-") else { return text }
        let inner = text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
        return "'\(inner)'"
    }
}
