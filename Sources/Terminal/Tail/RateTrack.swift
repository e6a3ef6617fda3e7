import Events

/// How often something happens: in the last minute, and usually while it goes on.
///
/// "Usually" is its own decayed rate over active time: gaps count for at most 300 s and the past fades with a half-life of
/// ten active hours, as in the `surge` detector, so that all speak of the same "8×".
struct RateTrack: Sendable {
    private static let gapCap = 300.0
    private static let halfLife = 36_000.0
    /// Calls and seconds of activity after which a rate counts as known: a burst alone is not what is usual.
    private static let known = (calls: 20.0, seconds: 300.0)

    private var seconds = [UInt16](repeating: 0, count: 60)
    private var second: Int64
    private var total = 0
    private var calls = 0.0
    private var activeSeconds = 0.0
    /// The newest call's moment.
    private(set) var last: Timestamp

    /// Begins; nothing is counted yet.
    init(at moment: Timestamp) {
        second = RateTrack.second(of: moment)
        last = moment
    }

    /// Calls per minute that are usual; nil while it is hardly known.
    var usual: Double? {
        guard calls >= RateTrack.known.calls, activeSeconds >= RateTrack.known.seconds else { return nil }
        return calls / activeSeconds * 60
    }

    /// Calls in the 60 s up to a moment.
    func lastMinute(at now: Timestamp) -> Int {
        let ahead = RateTrack.second(of: now) - second
        guard ahead > 0 else { return total }
        guard ahead < 60 else { return 0 }
        return (1...ahead).reduce(total) { $0 - Int(seconds[RateTrack.slot(second + $1)]) }
    }

    /// Takes one record's calls.
    mutating func observe(at moment: Timestamp, calls: Int = 1) {
        learn(moment, calls)
        count(RateTrack.second(of: moment), calls)
    }

    private mutating func learn(_ moment: Timestamp, _ more: Int) {
        let gap = min(max(Double(moment.since(last)) / 1e6, 0), RateTrack.gapCap)
        // First term of 2^(−gap/halfLife): at most 300 s of 36,000, so the error is below 2e-5.
        let fade = 1 - gap / RateTrack.halfLife * 0.693_147_180_559_945_3
        calls = calls * fade + Double(more)
        activeSeconds = activeSeconds * fade + gap
        last = max(last, moment)
    }

    private mutating func count(_ now: Int64, _ more: Int) {
        let ahead = now - second
        if ahead >= 60 {
            for index in seconds.indices { seconds[index] = 0 }
            total = 0
        } else if ahead > 0 {
            for passed in 1...ahead {
                let index = RateTrack.slot(second + passed)
                total -= Int(seconds[index])
                seconds[index] = 0
            }
        }
        second = max(second, now)
        let index = RateTrack.slot(now)
        guard second - now < 60 else { return }
        let room = min(more, Int(UInt16.max - seconds[index]))
        seconds[index] += UInt16(room)
        total += room
    }

    private static func second(of moment: Timestamp) -> Int64 {
        moment.microseconds.quotientAndRemainderFloored(1_000_000).quotient
    }

    private static func slot(_ second: Int64) -> Int {
        Int(second.quotientAndRemainderFloored(60).remainder)
    }
}
