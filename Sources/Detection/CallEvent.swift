public import Events

/// A record's name across logs: `<log>/<seq>`.
public struct RecordReference: Sendable, Hashable, CustomStringConvertible {
    /// The log's name.
    public var log: String
    /// The record's position in it.
    public var seq: UInt64

    /// Names a record.
    public init(log: String, seq: UInt64) {
        self.log = log
        self.seq = seq
    }

    /// Reads `<log>/<seq>`; nil when it is anything else.
    public init?(_ text: some StringProtocol) {
        guard let slash = text.lastIndex(of: "/"), slash != text.startIndex,
            let seq = UInt64(text[text.index(after: slash)...])
        else { return nil }
        self.init(log: String(text[..<slash]), seq: seq)
    }

    /// `<log>/<seq>`.
    public var description: String {
        "\(log)/\(seq)"
    }
}

/// One attempt to call a tool, as the detectors see it: no values, and nothing that depends on how it was stored.
public struct CallEvent: Sendable, Equatable {
    /// The agent under which refused callers without an identity are counted: one series for all of them.
    public static let unresolvedAgent = "(unresolved)"

    /// The decision's record.
    public var record: RecordReference
    /// When it was decided.
    public var timestamp: Timestamp
    /// Who called.
    public var agent: String
    /// The upstream's configured name.
    public var server: String
    /// The tool.
    public var tool: String
    /// The tool's class of harm.
    public var risk: Risk?
    /// Digest of the arguments: equal digests are equal arguments.
    public var arguments: Digest64?
    /// What was decided.
    public var verdict = Verdict.allow
    /// Whether it was carried out.
    public var mode = Mode.enforce
    /// The most that the limit nearest to its maximum admits per window.
    public var limitMaximum: Int?
    /// That limit's window, in seconds.
    public var limitWindowSeconds: Int?
    /// Milliseconds after which the call may be tried again.
    public var retryAfterMilliseconds: Int?
    /// Whether an argument's name is a cursor's; nil where the record names no arguments.
    public var pagesThroughList: Bool?
    /// How many alike this event stands for, where refusals were coalesced.
    public var attempts = 1

    /// Makes an allowed call; the rest is set afterwards.
    public init(record: RecordReference, timestamp: Timestamp, agent: String, server: String, tool: String) {
        self.record = record
        self.timestamp = timestamp
        self.agent = agent
        self.server = server
        self.tool = tool
    }

    /// Takes what the detectors need from a decision.
    ///
    /// Nil for what is no new call: other methods, and the decision that ends a hold, whose call was counted when it
    /// was held.
    public init?(decision: Decision, record: RecordReference, timestamp: Timestamp) {
        guard decision.method == "tools/call", decision.of == nil, let tool = decision.tool else { return nil }
        let agent = decision.agent ?? CallEvent.unresolvedAgent
        self.init(record: record, timestamp: timestamp, agent: agent, server: decision.server, tool: tool)
        risk = decision.risk
        arguments = decision.argumentDigest
        verdict = decision.verdict
        mode = decision.mode
        limitMaximum = decision.limit?.maximum
        limitWindowSeconds = decision.limit?.windowSeconds
        retryAfterMilliseconds = decision.retryAfterMilliseconds
        attempts = max(1, decision.coalesced ?? 1)
        pagesThroughList = decision.argumentKeys.map { $0.contains(where: CursorName.isOne) }
    }

    /// Whether the caller was really turned away; a shadow decision lets the call pass.
    public var isRefused: Bool {
        mode == .enforce && (verdict == .deny || verdict == .throttle)
    }
}
