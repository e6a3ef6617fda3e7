/// How often counts came, from zero: exact to 15, then four buckets to a doubling, up to 4,095.
///
/// Halved at 32,768 counts, so that newer habits weigh more.
struct CountHistogram: BitwiseCopyable {
    private static let halvedAt: UInt32 = 32_768

    private var counts = InlineArray<48, UInt16>(repeating: 0)
    private(set) var total: UInt32 = 0

    /// Counts one count, `times` over.
    mutating func add(_ value: Int, times: Int = 1) {
        let bucket = Self.bucket(of: min(max(value, 0), 4095))
        counts[bucket] = UInt16(clamping: Int(counts[bucket]) + times)
        total += UInt32(times)
        guard total >= Self.halvedAt else { return }
        total = 0
        for index in counts.indices {
            counts[index] /= 2
            total += UInt32(counts[index])
        }
    }

    /// The value that `share` (of 1,000) of all counts do not pass, as its bucket's upper bound.
    func quantile(permille share: Int) -> Int {
        let rank = UInt32((Int(total) * share + 999) / 1000)
        var seen: UInt32 = 0
        for index in counts.indices {
            seen += UInt32(counts[index])
            if seen >= rank { return Self.upperBound(of: index) }
        }
        return 4095
    }

    private static func bucket(of value: Int) -> Int {
        guard value >= 16 else { return value }
        let exponent = Int.bitWidth - 1 - value.leadingZeroBitCount
        return 16 + (exponent - 4) * 4 + ((value >> (exponent - 2)) & 3)
    }

    private static func upperBound(of bucket: Int) -> Int {
        guard bucket >= 16 else { return bucket }
        let exponent = (bucket - 16) / 4 + 4
        return (1 << exponent) + (((bucket - 16) % 4 + 1) << (exponent - 2)) - 1
    }
}
