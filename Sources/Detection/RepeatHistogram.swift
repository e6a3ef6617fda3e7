/// How often a tool's calls are repeated with the same arguments, over the episodes of all agents.
///
/// Buckets are exact to 8, then two to a doubling, up to 4,095; counts are halved at 4,096 episodes, so that the tool's
/// newer habits weigh more.
struct RepeatHistogram: BitwiseCopyable {
    private static let upperBounds: [Int] = [
        1, 2, 3, 4, 5, 6, 7, 8, 11, 15, 23, 31, 47, 63, 95, 127, 191, 255, 511, 1023, 2047, 4095,
    ]
    private static let halvedAt: UInt32 = 4096

    private var counts = InlineArray<22, UInt16>(repeating: 0)
    private(set) var episodes: UInt32 = 0

    /// Counts one episode of `repeats` identical calls.
    mutating func add(_ repeats: Int) {
        guard repeats > 0 else { return }
        var bucket = 0
        while bucket < Self.upperBounds.count - 1, repeats > Self.upperBounds[bucket] { bucket += 1 }
        counts[bucket] += 1
        episodes += 1
        guard episodes >= Self.halvedAt else { return }
        episodes = 0
        for index in counts.indices {
            counts[index] /= 2
            episodes += UInt32(counts[index])
        }
    }

    /// A percentile of repeats, as its bucket's upper bound; nil before `minimum` episodes.
    func percentile(_ percent: UInt32 = 99, minimum: Int) -> Int? {
        guard episodes >= minimum else { return nil }
        let rank = (episodes * percent + 99) / 100
        var seen: UInt32 = 0
        for index in counts.indices {
            seen += UInt32(counts[index])
            if seen >= rank { return Self.upperBounds[index] }
        }
        return Self.upperBounds.last
    }
}
