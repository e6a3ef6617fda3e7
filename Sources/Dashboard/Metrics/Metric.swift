/// A metric's name and what `# HELP` and `# TYPE` say of it.
///
/// `docs/OPERATIONS.md` has a table of them all; a test holds it to ``all``.
public struct Metric: Sendable, Hashable {
    /// How its values are to be read.
    public enum Kind: String, Sendable {
        /// Only grows, from the start of the process on.
        case counter
        /// What is now.
        case gauge
        /// Counts by upper bounds, with their sum.
        case histogram
    }

    /// The name, with its unit; a counter's ends in `_total`.
    public let name: String
    /// How its values are to be read.
    public let kind: Kind
    /// Its labels, in the order of a sample's values.
    public let labels: [String]
    /// What is counted.
    public let help: String

    /// Defines a metric.
    init(_ name: String, _ kind: Kind, _ labels: [String] = [], _ help: String) {
        self.name = name
        self.kind = kind
        self.labels = labels
        self.help = help
    }

    /// All metrics, in the order of the page.
    public static let all: [Metric] = calls + records + alerting + gateway + logWriter + loading + process
}
