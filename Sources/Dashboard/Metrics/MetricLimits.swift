/// How many names labels may have, so that nobody who makes up names makes up time series without end.
///
/// Names get their places in the order in which they come; what comes later is counted under `(other)`.
public struct MetricLimits: Sendable, Equatable {
    /// Agents.
    public var agents = 200
    /// Pairs of server and tool.
    public var tools = 1000
    /// Pairs of server and tool with a histogram of durations, 17 series each.
    public var timedTools = 200
    /// Pairs of server and method, of requests that are no tool calls.
    public var methods = 200
    /// Logs.
    public var logs = 100
    /// Alert rules.
    public var rules = 100
    /// Bytes of a name; longer ones are cut.
    public static let nameBytes = 128

    /// The defaults, which `# HELP` states.
    public init() {}
}

/// The names that have a place, those that came first.
struct FirstComers<Name: Hashable & Sendable>: Sendable {
    let limit: Int
    private(set) var names: Set<Name> = []
    /// Records whose name had no place.
    private(set) var folded: UInt64 = 0

    init(_ limit: Int) {
        self.limit = limit
    }

    /// Whether a name has a place; takes the next free one where it has none yet.
    ///
    /// - Parameter count: how many records are counted with it.
    mutating func admits(_ name: Name, _ count: UInt64) -> Bool {
        if names.contains(name) { return true }
        guard names.count < limit else {
            folded += count
            return false
        }
        names.insert(name)
        return true
    }
}
