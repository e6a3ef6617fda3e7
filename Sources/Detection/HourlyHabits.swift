/// In which hours an agent usually speaks, working days and weekends apart.
struct HourlyHabits: BitwiseCopyable {
    static let hour: Int64 = 3_600_000_000

    /// For each of 48 hours the share of days on which it spoke, in 256ths, the last eight days or so weighing most.
    private var shares = InlineArray<48, UInt8>(repeating: 0)
    /// −ln of how improbable the silence so far is.
    private(set) var surprise: Float = 0
    /// Whether it spoke in the hour that is going on.
    private var spoke = false
    var isSilent = false

    /// It spoke; what was improbable is over.
    mutating func note() {
        spoke = true
        surprise = 0
    }

    /// Closes an hour: counted from 1970-01-01, a Thursday.
    mutating func close(hour: Int64) {
        let week = hour.quotientAndRemainder(dividingBy: 168).remainder
        let sinceThursday = Int(week < 0 ? week + 168 : week)
        let isWeekend = (48..<96).contains(sinceThursday)
        let index = sinceThursday % 24 + (isWeekend ? 24 : 0)
        let share = Int(shares[index])
        if !spoke {
            // Never surer than that one day in 25 is different.
            surprise -= NaturalLogarithm.of(1 - min(Float(share) / 256, 0.96))
        }
        shares[index] = UInt8(min(255, share - (share + 7) / 8 + (spoke ? 32 : 0)))
        spoke = false
    }
}
