/// Buckets of durations: four an octave, so that a percentile read from them is within 12 % of the true one.
enum LatencyBucket {
    /// The bucket of a duration in microseconds: 4e + m holds 2^e (1 + m/4) … 2^e (1 + (m + 1)/4); below 4 itself.
    static func of(_ microseconds: Int64) -> Int64 {
        guard microseconds >= 4 else { return max(0, microseconds) }
        let exponent = Int64(63 - microseconds.leadingZeroBitCount)
        return 4 * exponent + (microseconds >> (exponent - 2)) & 3
    }

    /// The first duration of a bucket, in microseconds.
    static func start(_ bucket: Int64) -> Int64 {
        bucket < 8 ? min(bucket, 4) : (4 + bucket & 3) << (bucket >> 2 - 2)
    }
}
