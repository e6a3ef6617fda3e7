public import Events

/// A stretch of time: from its first microsecond up to, but not including, its last.
public struct Period: Sendable, Hashable {
    /// The first microsecond.
    public var from: Timestamp
    /// The first microsecond after it.
    public var to: Timestamp

    /// Makes a period; one that ends before it begins is empty.
    public init(from: Timestamp, to: Timestamp) {
        self.from = from
        self.to = max(from, to)
    }

    /// Its length.
    public var microseconds: Int64 {
        to.since(from)
    }

    /// Whether a moment lies within it.
    public func contains(_ moment: Timestamp) -> Bool {
        moment >= from && moment < to
    }
}

/// Whole UTC minutes, hours and days as the database counts them: seconds since 1970 at their start.
enum Clock {
    static let minute: Int64 = 60
    static let hour: Int64 = 3600
    static let day: Int64 = 86_400
    static let second: Int64 = 1_000_000

    /// The start of the unit of `seconds` that holds a moment.
    @inline(__always)
    static func start(of seconds: Int64, holding microseconds: Int64) -> Int64 {
        let unit = seconds * second
        let remainder = microseconds % unit
        return (microseconds - (remainder < 0 ? remainder + unit : remainder)) / second
    }

    /// The first start of a unit of `seconds` that is not before a moment.
    static func firstStart(of seconds: Int64, from microseconds: Int64) -> Int64 {
        let start = start(of: seconds, holding: microseconds)
        return start * second == microseconds ? start : start + seconds
    }
}

extension Timestamp {
    /// A moment from whole seconds since 1970.
    init(seconds: Int64) {
        self.init(microseconds: seconds * Clock.second)
    }
}
