/// Counts identical calls by half hours: never too few, now and then too many.
///
/// A count-min sketch (Cormode, Muthukrishnan, *An improved data stream summary*, 2005): calls whose hashes all meet with
/// others' are counted too high. A dozen bytes a call of the busiest half hour, so that it stays in a core's cache.
struct RepeatSketch {
    private static let half: Int64 = 1_800_000_000
    /// The half hours of an hour and of the one before it: a log that is read after another may be an hour behind it.
    private static let halves = 4
    /// Hashes of a call.
    private static let rows = 3

    private let threshold: Int
    /// Of a row; a power of two.
    private let size: Int
    private var counts: [UInt8]
    private var numbers = [Int64](repeating: .min, count: halves)

    /// - Parameters:
    ///   - calls: the most that an hour has.
    ///   - threshold: how many identical calls within 30 minutes are looked for; 255 at most.
    init(calls: Int, threshold: Int) {
        var size = 1 << 16
        while size < 2 * calls, size < 1 << 20 { size *= 2 }
        self.size = size
        self.threshold = min(threshold, Int(UInt8.max))
        counts = [UInt8](repeating: 0, count: size * RepeatSketch.rows * RepeatSketch.halves)
    }

    /// Counts a call; whether its half hour and the one before have as many as the threshold.
    mutating func note(_ pair: AgentTool, _ digest: Int64, at moment: Int64) -> Bool {
        let ids = UInt64(bitPattern: pair.agent &* 1_000_003 &+ pair.tool)
        var key = (UInt64(bitPattern: digest) ^ ids &* 0x9E37_79B9_7F4A_7C15) &* 0xBF58_476D_1CE4_E5B9
        key = (key ^ key >> 29) &* 0x94D0_49BB_1331_11EB
        let half = moment / RepeatSketch.half
        // A loop goes on across the half hour: what came in the next one, in a log that was read before, counts too.
        return add(key, half) + max(count(key, half - 1), count(key, half + 1)) >= threshold
    }

    /// The least of a call's counts in a half hour, which alone are right where others' were added.
    private func count(_ key: UInt64, _ half: Int64) -> Int {
        guard numbers[Int(half & 3)] == half else { return 0 }
        var least = UInt8.max
        for row in 0..<RepeatSketch.rows { least = min(least, counts[place(key, half, row)]) }
        return Int(least)
    }

    /// Counts a call, in the rows that have not counted too many already (Estan, Varghese, *New directions in traffic
    /// measurement and accounting*, 2002); its count.
    private mutating func add(_ key: UInt64, _ half: Int64) -> Int {
        let table = Int(half & 3)
        if numbers[table] != half {
            numbers[table] = half
            let first = table * RepeatSketch.rows * size
            for index in first..<first + RepeatSketch.rows * size { counts[index] = 0 }
        }
        let next = UInt8(clamping: count(key, half) + 1)
        for row in 0..<RepeatSketch.rows {
            let place = place(key, half, row)
            counts[place] = max(counts[place], next)
        }
        return Int(next)
    }

    @inline(__always)
    private func place(_ key: UInt64, _ half: Int64, _ row: Int) -> Int {
        (Int(half & 3) * RepeatSketch.rows + row) * size + Int(key >> UInt64(20 * row) & UInt64(size - 1))
    }
}
