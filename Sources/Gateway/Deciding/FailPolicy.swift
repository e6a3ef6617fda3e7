public import AuditLog
import Events

/// What becomes of a tool call whose decision cannot be made durable, by its class of harm.
///
/// Every class is *closed*: the call is denied. The operator may choose *bounded* for reads and for writes: such calls go on
/// for a while, their records held in memory until the disk takes them. What executes, destroys, moves money, or is not
/// known, never does.
public struct FailPolicy: Sendable, Equatable {
    /// Whether calls that only read are bounded.
    public var boundsReads = false
    /// Whether calls that change data are bounded.
    public var boundsWrites = false
    /// The most calls in one episode.
    public var events = 1000
    /// The longest from an episode's beginning on.
    public var duration = Duration.seconds(30)

    /// What `events` may be.
    public static let eventsRange = 1...100_000
    /// What `duration` may be, in whole seconds.
    public static let secondsRange = 1...3600

    /// The default: every class is closed.
    public init() {}

    /// What the log needs to know of it; nil where every class is closed.
    public var hold: LogHold? {
        guard boundsReads || boundsWrites else { return nil }
        let (seconds, attoseconds) = duration.components
        return LogHold(events: events, milliseconds: Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000))
    }

    /// Whether a call may go on unrecorded for a while.
    ///
    /// The strictest that can be said of it holds: a tool that its server does not list and no policy names has a name that
    /// the caller made up, and the class that was told from it means nothing.
    func mayHold(_ decision: Decision) -> Bool {
        guard boundsReads || boundsWrites, !decision.unlisted else { return false }
        return switch decision.risk {
        case .read: boundsReads
        case .write: boundsWrites
        case .execute, .destructive, .financial, .unknown, nil: false
        }
    }
}
