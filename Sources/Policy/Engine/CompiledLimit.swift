import Events

/// A limit made ready for counting.
final class CompiledLimit: Sendable {
    let id: String
    let counter: String
    let windowSeconds: Int
    let maximum: Int64
    let scope: LimitScope
    /// What each call counts; nil where the arguments say.
    let increment: Int64?
    let identity: LimitIdentity
    let shape: CounterShape
    /// Entries that a new counter has room for.
    let firstCapacity: Int
    /// The record's text: constant, without what changes from call to call.
    let message: String
    /// The caller's text, up to when to try again.
    let explanation: String

    /// - Parameter tool: nil for the limits of all tools.
    init(_ limit: LimitRule, policy: String, tool: String?) {
        id = limit.id
        counter = limit.counter
        windowSeconds = limit.windowSeconds
        maximum = Int64(limit.maximum)
        scope = limit.scope
        identity = LimitIdentity(policy: policy, tool: tool, limit: limit)
        switch limit.increment {
        case .constant(let count):
            increment = Int64(count)
            shape = limit.algorithm == .fixed ? .fixed : .ring
            // Small limits get all the room they can ever need at once, so that their memory never moves.
            let most = max(1, limit.maximum / count)
            firstCapacity = shape == .fixed ? 0 : most <= 16 ? most : 8
        case .from:
            increment = nil
            shape = limit.algorithm == .fixed ? .fixed : .costRing
            firstCapacity = shape == .fixed ? 0 : 8
        }
        let words = LimitWords(limit, tool: tool)
        message = words.message
        explanation = words.explanation
    }

    func reading(used: Int64) -> LimitReading {
        LimitReading(
            counter: counter, windowSeconds: windowSeconds, maximum: Int(maximum), used: Int(clamping: used))
    }

    /// Whether this limit is nearer to its maximum than another one; the first of equals stays the nearest.
    func isNearer(_ used: Int64, than other: CompiledLimit, _ otherUsed: Int64) -> Bool {
        let mine = used.multipliedFullWidth(by: other.maximum)
        let theirs = otherUsed.multipliedFullWidth(by: maximum)
        return (mine.high, mine.low) > (theirs.high, theirs.low)
    }
}

/// A limit in words.
struct LimitWords {
    private let what: String
    private let subject: String
    private let window: String
    private let scope: String
    private let maximum: Int

    init(_ limit: LimitRule, tool: String?) {
        maximum = limit.maximum
        subject = tool.map { "\($0) allows" } ?? "all tools together allow"
        switch limit.increment {
        case .constant(1): what = limit.maximum == 1 ? "call" : "calls"
        case .constant(let count): what = "units, \(count) for each call,"
        case .from(let path): what = "of \(path)"
        }
        window = LimitWords.window(limit.windowSeconds)
        scope =
            switch limit.scope {
            case .grant: "for this grant"
            case .agent: "for this agent"
            case .session: "in this session"
            case .server: "on this server for all callers together"
            case .global: "for all callers together"
            }
    }

    /// Without numbers that change when the policy's maximum does.
    var message: String { "Rate limit: \(subject) no more per \(window) \(scope)." }

    var explanation: String {
        maximum == 0
            ? "Rate limit: \(subject) no calls \(scope)."
            : "Rate limit: \(subject) \(maximum) \(what) per \(window) \(scope)."
    }

    /// `minute`, `90 seconds`, `2 hours`.
    static func window(_ seconds: Int) -> String {
        for unit in NamedWindow.allCases.reversed() where seconds % unit.seconds == 0 {
            let count = seconds / unit.seconds
            return count == 1 ? unit.rawValue : "\(count) \(unit.rawValue)s"
        }
        return "\(seconds) seconds"
    }
}
