/// How long things took, counted by fixed bounds: what a histogram of Prometheus is made of.
public struct DurationHistogram: Sendable, Equatable {
    /// The bounds in microseconds, ascending; a duration belongs to the first that it does not exceed.
    public let bounds: [Int64]
    /// How many durations belong to each bound, and last how many exceed all.
    public private(set) var counts: [UInt64]
    /// The sum of all durations, in microseconds.
    public private(set) var sumMicroseconds: Int64 = 0

    /// Bounds for what a disk or a process does: 50 µs to 5 s.
    public static let fineBounds: [Int64] = [
        50, 100, 250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 5_000_000,
    ]

    /// Makes an empty histogram.
    public init(bounds: [Int64] = DurationHistogram.fineBounds) {
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    /// How many durations there are.
    public var count: UInt64 { counts.reduce(0, +) }

    /// Counts one duration; a negative one counts as 0.
    public mutating func note(microseconds: Int64) {
        let duration = max(0, microseconds)
        counts[bounds.firstIndex { duration <= $0 } ?? bounds.count] += 1
        let (sum, overflows) = sumMicroseconds.addingReportingOverflow(duration)
        sumMicroseconds = overflows ? .max : sum
    }

    /// Counts one duration.
    public mutating func note(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        note(
            microseconds: seconds.multipliedReportingOverflow(by: 1_000_000).partialValue + attoseconds
                / 1_000_000_000_000)
    }
}
