import Synchronization

/// Tells a following ingester to end; set it from any thread.
public final class StopFlag: Sendable {
    private let flag = Atomic(false)

    /// A flag that is not set.
    public init() {}

    /// Whether it is set.
    public var isSet: Bool { flag.load(ordering: .acquiring) }

    /// Sets it for good.
    public func set() { flag.store(true, ordering: .releasing) }
}
