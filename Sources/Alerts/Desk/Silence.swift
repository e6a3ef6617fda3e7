public import Events

/// One condition on an alert: a label, and a text or a pattern for it.
public struct AlertMatcher: Sendable, Equatable, Codable {
    /// The labels that can be asked for.
    public enum Field: String, Sendable, CaseIterable, Codable {
        /// The rule.
        case rule
        /// Who called.
        case agent
        /// The tool's server.
        case server
        /// The tool.
        case tool
        /// `info`, `warn` or `page`.
        case severity
    }

    /// The label.
    public var field: Field
    /// An exact text, or one with `*` for any characters and `?` for one.
    public var pattern: String

    /// Makes a condition.
    public init(_ field: Field, _ pattern: String) {
        self.field = field
        self.pattern = pattern
    }

    func matches(_ notice: AlertNotice) -> Bool {
        let value: String? =
            switch field {
            case .rule: notice.rule
            case .agent: notice.agent
            case .server: notice.server
            case .tool: notice.tool
            case .severity: notice.severity
            }
        return Self.matches(Array((value ?? "").unicodeScalars), Array(pattern.unicodeScalars))
    }

    /// Goes back to the last `*` only, so that no pattern takes longer than text times pattern.
    private static func matches(_ text: [Unicode.Scalar], _ pattern: [Unicode.Scalar]) -> Bool {
        var t = 0
        var p = 0
        var star: (pattern: Int, text: Int)?
        while t < text.count {
            if p < pattern.count, pattern[p] == "*" {
                star = (p, t)
                p += 1
            } else if p < pattern.count, pattern[p] == "?" || pattern[p] == text[t] {
                p += 1
                t += 1
            } else if let last = star {
                star = (last.pattern, last.text + 1)
                p = last.pattern + 1
                t = last.text + 1
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == "*" }
    }
}

/// A time in which matching alerts are recorded and nobody is told, or told only beyond an expected load.
public struct Silence: Sendable, Equatable, Codable {
    /// 16 hexadecimal digits.
    public var id: String
    /// All of them must match.
    public var matchers: [AlertMatcher]
    /// From when on, in microseconds since the epoch.
    public var from: Int64
    /// Until when, exclusive, in microseconds since the epoch.
    public var until: Int64
    /// Who said so.
    public var by: String
    /// Why.
    public var reason: String
    /// An expected load: thresholds are so many times as high, and what goes beyond is told; nil mutes all.
    public var factor: Double?

    /// Makes a silence.
    public init(
        id: String, matchers: [AlertMatcher], from: Timestamp, until: Timestamp, by: String, reason: String,
        factor: Double? = nil
    ) {
        self.id = id
        self.matchers = matchers
        self.from = from.microseconds
        self.until = until.microseconds
        self.by = by
        self.reason = reason
        self.factor = factor
    }

    /// Whether it holds at a moment.
    public func isActive(_ now: Timestamp) -> Bool {
        from <= now.microseconds && now.microseconds < until
    }

    /// Whether it mutes an alert as that stands.
    func mutes(_ notice: AlertNotice) -> Bool {
        guard matchers.allSatisfy({ $0.matches(notice) }) else { return false }
        guard let factor else { return true }
        guard let observed = notice.observed, let threshold = notice.threshold else { return false }
        return Double(observed) < factor * Double(threshold)
    }

    /// The silence as a `control` record: an `alert` whose rule is `alert_silence`, with the matchers as its summary.
    func control(state: String, by: String, reason: String) -> Control {
        func pattern(_ field: AlertMatcher.Field) -> String? { matchers.first { $0.field == field }?.pattern }
        return Control(.alert)
            .with(.agent, pattern(.agent)).with(.server, pattern(.server)).with(.tool, pattern(.tool))
            .with(.id, id).with(.rule, "alert_silence").with(.severity, "info").with(.state, state)
            .with(.start, Timestamp(microseconds: from).description)
            .with(.end, Timestamp(microseconds: until).description)
            .with(.reason, reason).with(.summary, summary).with(.by, by)
    }

    /// What it mutes and until when.
    public var summary: String {
        let what = matchers.map { "\($0.field.rawValue)=\($0.pattern)" }.joined(separator: " ")
        let end = Timestamp(microseconds: until)
        return factor.map { "expected load: \(what) up to \($0) times the threshold until \(end)" }
            ?? "\(what) until \(end)"
    }
}
