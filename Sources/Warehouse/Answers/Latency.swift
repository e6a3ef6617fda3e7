/// Upstream durations: percentiles within 12 % (`LatencyBucket`).
public struct Latency: Sendable, Hashable {
    /// Calls with a known duration.
    public var n: Int
    /// The median, in microseconds.
    public var p50: Int64
    /// The 95th percentile, in microseconds.
    public var p95: Int64
    /// The 99th percentile, in microseconds.
    public var p99: Int64

    /// Makes a summary.
    public init(n: Int, p50: Int64, p95: Int64, p99: Int64) {
        self.n = n
        self.p50 = p50
        self.p95 = p95
        self.p99 = p99
    }
}
