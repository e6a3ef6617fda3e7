public import Events
import Glibc

/// Where records' times come from.
public protocol LogClock: Sendable {
    /// The present moment.
    func now() -> Timestamp
}

/// The machine's clock: wall time at the start plus monotonic time since, so that it never runs backwards while the
/// process lives.
///
/// `CLOCK_BOOTTIME`, because a laptop's lid stops `CLOCK_MONOTONIC`.
public struct SystemLogClock: LogClock {
    private let offset: Int64

    /// Reads the wall clock once.
    public init() {
        offset = SystemLogClock.microseconds(CLOCK_REALTIME) - SystemLogClock.microseconds(CLOCK_BOOTTIME)
    }

    /// The present moment.
    public func now() -> Timestamp {
        Timestamp(microseconds: offset + SystemLogClock.microseconds(CLOCK_BOOTTIME))
    }

    private static func microseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }
}
