/// A detector rule: its description and the examples that tests and `docs/DETECTION.md` are made of.
///
/// A rule is one file with its parameters. Its state stands in `PairState`, so that all rules of one agent and tool
/// share one look-up per call.
public protocol DetectionRule: Sendable {
    /// The rule's name.
    static var name: RuleName { get }
    /// How grave its findings are.
    static var severity: Severity { get }
    /// When it fires, in one Markdown sentence.
    static var firesWhen: String { get }
    /// What it deliberately does not fire on, and how it tells; Markdown.
    static var staysSilent: String { get }
    /// Traces that fire it and traces that must not.
    static var examples: [RuleExample] { get }
}

/// A trace that a rule must fire on, or must stay silent on.
public struct RuleExample: Sendable {
    /// What happens in it, as a phrase.
    public let title: String
    /// Whether the rule must fire.
    public let fires: Bool
    /// The most microseconds from `onset` to the finding, where the rule must fire.
    public let withinMicroseconds: Int64?
    /// The trace.
    public let trace: ExampleTrace

    /// A trace that must fire the rule within `seconds` of its onset.
    static func fires(_ title: String, within seconds: Int, _ trace: ExampleTrace) -> RuleExample {
        RuleExample(title: title, fires: true, withinMicroseconds: Int64(seconds) * 1_000_000, trace: trace)
    }

    /// A trace on which no rule may page.
    static func silent(_ title: String, _ trace: ExampleTrace) -> RuleExample {
        RuleExample(title: title, fires: false, withinMicroseconds: nil, trace: trace)
    }
}

/// What a rule says about one call.
struct RuleReading {
    /// What the rule counts.
    var level: Int
    /// What it is held against.
    var threshold: Int
    /// Whether the rule fires now.
    var fires: Bool
    /// Where the episode began.
    var origin: EpisodeOrigin
    /// How grave it is now, where that is not the rule's own severity.
    var severity: Severity?
    /// Whether a raised finding goes on; nil where half of the threshold decides.
    var holds: Bool?

    /// At or above half of the threshold: a raised finding goes on.
    func sustains(_ threshold: Int) -> Bool {
        holds ?? (level * 2 >= threshold)
    }
}

/// The point from which an episode's calls are counted.
struct EpisodeOrigin: BitwiseCopyable {
    /// The first call's time, in microseconds since the epoch.
    var start: Int64 = 0
    /// The first call's record.
    var record = PackedReference()
    /// The pair's attempts and refusals before the first call.
    var attemptsBefore: UInt32 = 0
    var refusedBefore: UInt32 = 0
}

/// A record's name in eight bytes: 16 bits of the log's number, 48 of `seq`.
struct PackedReference: BitwiseCopyable {
    private var bits: UInt64 = 0

    init() {}

    init(log: UInt16, seq: UInt64) {
        bits = UInt64(log) << 48 | (seq & 0xFFFF_FFFF_FFFF)
    }

    var log: Int { Int(bits >> 48) }
    var seq: UInt64 { bits & 0xFFFF_FFFF_FFFF }
}
