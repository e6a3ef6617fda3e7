import Events

/// How a zone's days and hours lie on the roll-ups' UTC hours.
struct LocalTime {
    let isUTC: Bool
    let isWholeHours: Bool

    init(_ period: Period, _ offsetSeconds: (Timestamp) -> Int) {
        var isUTC = true
        var isWholeHours = true
        // Zones change at most a few times a year; six hours are short enough to see each.
        let step = 6 * Clock.hour * Clock.second
        var moment = period.from
        while moment < period.to, isWholeHours {
            let offset = offsetSeconds(moment)
            isUTC = isUTC && offset == 0
            isWholeHours = offset % Int(Clock.hour) == 0
            moment = moment.advanced(by: step)
        }
        let last = offsetSeconds(period.to)
        self.isUTC = isUTC && last == 0
        self.isWholeHours = isWholeHours && last % Int(Clock.hour) == 0
    }

    func source(_ period: Period, _ selection: Selection, keepsHours: Bool = false) -> CellSource {
        let grain: CellSource.Grain = !isWholeHours ? .quarter : isUTC && !keepsHours ? .day : .hour
        return CellSource(period: period, selection: selection, grain: grain)
    }

    /// The local day of a moment in seconds since 1970, in days since 1970-01-01.
    static func day(_ seconds: Int64, _ offsetSeconds: (Timestamp) -> Int) -> Int {
        let local = seconds + Int64(offsetSeconds(Timestamp(seconds: seconds)))
        return Int(Clock.start(of: Clock.day, holding: local * Clock.second) / Clock.day)
    }
}
