/// An agent's busiest minute with a tool, learned from closed minutes only, so that a burst is not its own excuse.
struct LearnedPace: BitwiseCopyable {
    private var minute: UInt32 = 0
    private var minuteCount: UInt32 = 0
    private var hourPeak: UInt32 = 0
    /// The peak of hours without a finding.
    private var calmPeak: Float = 0
    /// The two highest peaks of hours with one.
    private var raisedPeak: Float = 0
    private var secondRaisedPeak: Float = 0
    private var isRaisedHour = false

    /// Counts attempts into the clock's minute, closing the one before.
    mutating func note(_ attempts: Int, at time: Int64, isRaised: Bool) {
        let now = UInt32(truncatingIfNeeded: time / 60_000_000)
        if now > minute {
            hourPeak = max(hourPeak, minuteCount)
            minuteCount = 0
            closeHour(minute / 60, before: now / 60)
            minute = now
        }
        minuteCount = UInt32(clamping: Int(minuteCount) + attempts)
        isRaisedHour = isRaisedHour || isRaised
    }

    /// The learned peak minute; for a newcomer, who has no closed hour yet, the highest of its closed minutes.
    func peak(isNew: Bool) -> Int {
        Int(max(calmPeak, secondRaisedPeak, isNew ? Float(hourPeak) : 0))
    }

    private mutating func closeHour(_ hour: UInt32, before now: UInt32) {
        guard now > hour else { return }
        let closed = Float(hourPeak)
        if !isRaisedHour {
            calmPeak = max(calmPeak, closed)
        } else if closed > raisedPeak {
            secondRaisedPeak = raisedPeak
            raisedPeak = closed
        } else {
            secondRaisedPeak = max(secondRaisedPeak, closed)
        }
        let fading = Self.fading(hours: now - hour)
        calmPeak *= fading
        raisedPeak *= fading
        secondRaisedPeak *= fading
        hourPeak = 0
        isRaisedHour = false
    }

    /// The fading over some hours, by squaring: multiplications only, the same bits on every machine.
    private static func fading(hours: UInt32) -> Float {
        var result = 1.0
        var factor = CapRule.hourlyFading
        var rest = min(hours, 1 << 14)
        while rest > 0 {
            if rest & 1 == 1 { result *= factor }
            factor *= factor
            rest >>= 1
        }
        return Float(result)
    }
}
