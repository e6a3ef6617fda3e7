public import Events

/// Times and durations as people type them on a command line.
public enum TimeArgument {
    /// A duration in microseconds, from whole units: `90s`, `15m`, `6h`, `7d`, `2w`; nil when it is anything else.
    public static func duration(_ text: String) -> Int64? {
        guard let unit = text.last, let count = Int64(text.dropLast()), count >= 0, text.first?.isNumber == true else {
            return nil
        }
        let seconds: Int64? =
            switch unit {
            case "s": 1
            case "m": 60
            case "h": 3_600
            case "d": 86_400
            case "w": 604_800
            default: nil
            }
        guard let seconds else { return nil }
        let (value, overflow) = count.multipliedReportingOverflow(by: seconds * 1_000_000)
        return overflow ? nil : value
    }

    /// A moment: RFC 3339 in UTC, a date (its midnight in UTC), a duration before `now`, or `now`; nil when it is anything else.
    public static func moment(_ text: String, now: Timestamp) -> Timestamp? {
        if text == "now" { return now }
        if let ago = duration(text) { return now.advanced(by: -ago) }
        if text.utf8.count == 10 { return Timestamp(text: text + "T00:00:00Z") }
        return Timestamp(text: text)
    }
}
