public import Events

/// What a burst of one agent and tool is: more calls in 60 s than it may have and far more than it is used to.
public struct BurstBound: Sendable {
    /// The fewest calls in 60 s that are a burst of anybody.
    public var minimum: Int
    /// A burst has more than so many times the peak minute that the pair has learned.
    public var factor: Int
    /// What is left of a learned peak after an hour, 0 to 1.
    public var hourlyFading: Double
    /// Since when a pair learns, a day before the first burst at least.
    public var learningSince: Timestamp
    /// Until when half of it will do: so a burst that began before the time that is looked at goes on.
    public var halfUntil: Timestamp

    /// Makes a bound.
    public init(
        minimum: Int, factor: Int, hourlyFading: Double, learningSince: Timestamp, halfUntil: Timestamp
    ) {
        self.minimum = minimum
        self.factor = factor
        self.hourlyFading = hourlyFading
        self.learningSince = learningSince
        self.halfUntil = halfUntil
    }
}

/// How many calls in 60 s are a burst of one pair, day by day: from the busiest minutes of the days before.
struct BurstNeeds {
    private struct Peak {
        var day: Int64
        var minute: Int64
        var calls: Int
    }

    private let bound: BurstBound
    private var peaks: [Peak] = []

    init(_ bound: BurstBound) {
        self.bound = bound
    }

    /// Takes a day's busiest minute; days come in order.
    mutating func add(day: Int64, minute: Int64, calls: Int) {
        peaks.append(Peak(day: day, minute: minute, calls: calls))
    }

    /// The fewest calls that are a burst on a day.
    ///
    /// The second highest peak of days before has been learned for sure: `LearnedPace` leaves out the highest of the hours with
    /// a finding, and of two days' peaks at most one is that. One is taken off for the rounding of its fading.
    func need(on day: Int64) -> Int {
        var first = 0
        var second = 0
        for peak in peaks where peak.day < day && peak.minute * Clock.second >= bound.learningSince.microseconds {
            let hours = (day + Clock.day - peak.minute) / Clock.hour + 1
            let left = (0..<hours).reduce(Double(peak.calls)) { left, _ in left * bound.hourlyFading }
            let learned = Int(left) - 1
            if learned > first { (first, second) = (learned, first) } else { second = max(second, learned) }
        }
        return max(bound.minimum, bound.factor * second + 1)
    }

    /// Whether half of it will do in an hour.
    func isHalved(hour: Int64) -> Bool { hour * Clock.second < bound.halfUntil.microseconds }

    /// Whether some minute since a day is so busy that 60 s around it can be a burst: they lie in two minutes, of one day or
    /// of two.
    func canBurst(since day: Int64) -> Bool {
        peaks.indices.contains { index in
            let peak = peaks[index]
            guard peak.day >= day else { return false }
            let before = index > 0 && peaks[index - 1].day == peak.day - Clock.day ? peaks[index - 1].calls : 0
            let factor = isHalved(hour: peak.day) ? 4 : 2
            return factor * max(peak.calls, before) >= need(on: peak.day)
        }
    }
}

/// Of some pairs, those that have a burst.
///
/// Rows come hour by hour, within an hour one log after another: so a pair's calls are kept for an hour and looked at once
/// the next one begins.
struct BurstTable {
    private struct Watched {
        var pair: AgentTool
        var needs: BurstNeeds
        var hour: Int64 = .min
        /// The hour's calls; of the hour before those of its last minute.
        var times: [Int64] = []
        /// What is a burst on the last hour's day.
        var need = 0
        var day: Int64 = .min
    }

    private var places = PackedTable<Int>()
    private var watched: [Watched] = []
    private var bursting: Set<AgentTool> = []

    /// Has a pair's calls counted from now on.
    mutating func watch(_ pair: AgentTool, _ needs: BurstNeeds) {
        guard places.index(of: BurstTable.key(pair), initial: watched.count) == watched.count else { return }
        watched.append(Watched(pair: pair, needs: needs))
    }

    /// Counts a call, if it is one of a pair that is watched.
    mutating func note(_ pair: AgentTool, at moment: Int64) {
        guard let place = places.value(of: BurstTable.key(pair)) else { return }
        let hour = Clock.start(of: Clock.hour, holding: moment)
        if hour != watched[place].hour { turn(place, to: hour) }
        watched[place].times.append(moment)
    }

    /// The pairs that had a burst.
    mutating func found() -> Set<AgentTool> {
        for place in watched.indices { turn(place, to: .max) }
        return bursting
    }

    private mutating func turn(_ place: Int, to hour: Int64) {
        var times = watched[place].times
        times.sort()
        if let last = times.last {
            let need = need(place)
            var first = 0
            for index in times.indices {
                while times[first] <= times[index] - Clock.minute * Clock.second { first += 1 }
                guard index - first + 1 >= need else { continue }
                bursting.insert(watched[place].pair)
                break
            }
            times.removeAll { $0 <= last - Clock.minute * Clock.second }
        }
        watched[place].times = times
        watched[place].hour = hour
    }

    private mutating func need(_ place: Int) -> Int {
        let hour = watched[place].hour
        let day = hour - hour % Clock.day
        if day != watched[place].day {
            watched[place].day = day
            watched[place].need = watched[place].needs.need(on: day)
        }
        return watched[place].needs.isHalved(hour: hour) ? (watched[place].need + 1) / 2 : watched[place].need
    }

    private static func key(_ pair: AgentTool) -> PackedKey {
        PackedKey(high: UInt64(bitPattern: pair.agent), low: UInt64(bitPattern: pair.tool))
    }
}
