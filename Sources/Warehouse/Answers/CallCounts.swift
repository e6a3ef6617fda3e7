/// What a set of calls comes to.
///
/// Every call is exactly one of allowed, denied, throttled and held; the other counts cut across.
public struct CallCounts: Sendable, Hashable {
    /// All calls.
    public var calls = 0
    /// Calls that went on, those of mode `shadow` included.
    public var allowed = 0
    /// Calls refused by a rule, and that carried out.
    public var denied = 0
    /// Calls refused by a limit, and that carried out.
    public var throttled = 0
    /// Calls that still wait for a person.
    public var held = 0
    /// Calls of mode `shadow` that would have been stopped or held.
    public var shadowStopped = 0
    /// Calls that ended in `tool_error`, `rpc_error`, `http_error`, `timeout`, `upstream_down` or `overloaded`.
    public var errors = 0
    /// Calls that passed with their limit at least 80 % used.
    public var nearLimit = 0
    /// Calls whose upstream duration is known.
    public var timed = 0
    /// The sum of those durations.
    public var upstreamMicroseconds: Int64 = 0

    /// Nothing.
    public init() {}

    /// Calls that did not go on.
    public var stopped: Int { denied + throttled }

    /// Adds two sets that share no call.
    public static func += (a: inout CallCounts, b: CallCounts) {
        a.calls += b.calls
        a.allowed += b.allowed
        a.denied += b.denied
        a.throttled += b.throttled
        a.held += b.held
        a.shadowStopped += b.shadowStopped
        a.errors += b.errors
        a.nearLimit += b.nearLimit
        a.timed += b.timed
        a.upstreamMicroseconds += b.upstreamMicroseconds
    }

    /// Two sets that share no call, together.
    public static func + (a: CallCounts, b: CallCounts) -> CallCounts {
        var sum = a
        sum += b
        return sum
    }
}
