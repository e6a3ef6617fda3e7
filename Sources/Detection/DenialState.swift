/// Counts of a pair's denials: in the last ten minutes, and its learned daily maxima at four scales.
struct DenialState: BitwiseCopyable {
    /// The scales, in microseconds: 1 min, 5 min, 1 h, 6 h.
    static let scales: InlineArray<4, Int64> = [60_000_000, 300_000_000, 3_600_000_000, 21_600_000_000]
    static let day: Int64 = 86_400_000_000

    private var denied = InlineArray<10, UInt8>(repeating: 0)
    private var passed = InlineArray<10, UInt8>(repeating: 0)
    private var minute: UInt32 = 0
    /// The last denial's time, the counts in its clock's windows, and its day's highest ones.
    private(set) var last: Int64 = 0
    private(set) var counts = InlineArray<4, UInt16>(repeating: 0)
    private var highest = InlineArray<4, UInt16>(repeating: 0)
    /// The day that `highest` is of.
    var blockDay: Int64 = 0
    /// Days before, and what their maxima teach.
    var moments = InlineArray<4, DenialMoments>(repeating: DenialMoments())
    /// Where the current episode began.
    var origin = EpisodeOrigin()
    /// The denials since a call was last let through.
    var row = DenialRow()

    /// Denials and other attempts in the last ten minutes; at most 255 a minute are told apart.
    var recent: (denied: Int, passed: Int) {
        var sums = (denied: 0, passed: 0)
        for index in denied.indices {
            sums.denied += Int(denied[index])
            sums.passed += Int(passed[index])
        }
        return sums
    }

    /// Forgets what is older than ten minutes.
    mutating func advance(to time: Int64) {
        let now = UInt32(truncatingIfNeeded: time / 60_000_000)
        guard now > minute else { return }
        for offset in 0..<min(now - minute, 10) {
            let index = Int((minute + 1 + offset) % 10)
            denied[index] = 0
            passed[index] = 0
        }
        minute = now
    }

    /// Counts attempts in the current minute and the current windows.
    mutating func add(_ attempts: Int, isDenied: Bool, at time: Int64) {
        let index = Int(minute % 10)
        guard isDenied else {
            passed[index] = UInt8(clamping: Int(passed[index]) + attempts)
            return
        }
        denied[index] = UInt8(clamping: Int(denied[index]) + attempts)
        for scale in counts.indices {
            let window = Self.scales[scale]
            if last / window != time / window { counts[scale] = 0 }
            counts[scale] = UInt16(clamping: Int(counts[scale]) + attempts)
            highest[scale] = max(highest[scale], counts[scale])
        }
        last = time
    }

    /// Learns the days that are over; a day without a denial is one too, 28 at most.
    mutating func closeDays(before time: Int64, tool: inout InlineArray<4, DenialMoments>) {
        let today = time / Self.day
        guard today > blockDay else { return }
        let idle = min(today - blockDay - 1, 28)
        for scale in moments.indices {
            let value = NaturalLogarithm.of(1 + Float(highest[scale]))
            moments[scale].add(value)
            tool[scale].add(value)
            if idle > 0 { moments[scale].add(0, times: Float(idle)) }
            highest[scale] = 0
        }
        blockDay = today
    }
}

/// Count, sum and sum of squares of the logarithms of daily maxima, fading at 100 days.
struct DenialMoments: BitwiseCopyable {
    private(set) var count: Float = 0
    private(set) var sum: Float = 0
    private(set) var squares: Float = 0

    mutating func add(_ value: Float, times: Float = 1) {
        count += times
        sum += value * times
        squares += value * value * times
        guard count > 100 else { return }
        count /= 2
        sum /= 2
        squares /= 2
    }

    /// The mean; 0 before anything is known.
    var mean: Float { count > 0 ? sum / count : 0 }

    /// The variance around some value.
    func spread(around value: Float) -> Float {
        max(0, squares - 2 * value * sum + value * value * count)
    }
}
