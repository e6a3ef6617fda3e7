public import Events

/// Numbers, durations and times as people write them; always the same everywhere, so no locale.
public enum Words {
    /// `1,234,567`.
    public static func count(_ value: some BinaryInteger) -> String {
        let digits = String(value.magnitude)
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { text.append(",") }
            text.append(digit)
        }
        return value < 0 ? "−" + text : text
    }

    /// `1 call`, `1,234 calls`; the plural's own word where an `s` is not enough.
    public static func count(_ value: Int, _ singular: String, _ plural: String? = nil) -> String {
        "\(count(value)) \(value == 1 ? singular : plural ?? singular + "s")"
    }

    /// A number with a fixed count of decimals, halves rounded away from zero: `7.2`.
    public static func decimal(_ value: Double, places: Int = 1) -> String {
        guard value.isFinite else { return "–" }
        var scale = 1.0
        for _ in 0..<max(places, 0) { scale *= 10 }
        let scaled = (value.magnitude * scale).rounded(.toNearestOrAwayFromZero)
        guard scaled < 9e15 else { return "–" }
        let whole = Int64(scaled)
        let sign = value < 0 && whole > 0 ? "−" : ""
        guard places > 0 else { return sign + count(whole) }
        let unit = Int64(scale)
        let fraction = String(whole % unit)
        return sign + count(whole / unit) + "." + String(repeating: "0", count: places - fraction.count) + fraction
    }

    /// A share as a percentage, `12.3 %`; a share that is not quite nothing or not quite all never rounds to it.
    public static func percent(_ share: Double, places: Int = 1) -> String {
        guard share.isFinite else { return "–" }
        var step = 1.0
        for _ in 0..<max(places, 0) { step /= 10 }
        var value = share * 100
        if share > 0, value < step { return "< \(decimal(step, places: places)) %" }
        if share < 1, value > 100 - step { value = min(value, 100 - step) }
        return decimal(value, places: places) + " %"
    }

    /// Calls per minute: `7.2/min`, from a hundred on without decimals.
    public static func perMinute(_ rate: Double) -> String {
        decimal(rate, places: rate.magnitude >= 99.95 ? 0 : 1) + "/min"
    }

    /// `840 µs`, `84 ms`, `1.2 s`, `42 s`, `6 min 10 s`, `3 h 5 min`, `2 d 4 h`.
    public static func duration(microseconds: Int64) -> String {
        let value = microseconds.magnitude
        let sign = microseconds < 0 ? "−" : ""
        let seconds = (value + 500_000) / 1_000_000
        switch value {
        case ..<1_000: return "\(sign)\(value) µs"
        case ..<999_500: return "\(sign)\((value + 500) / 1_000) ms"
        case ..<9_950_000: return "\(sign)\(decimal(Double(value) / 1e6)) s"
        default: return sign + clock(seconds)
        }
    }

    private static func clock(_ seconds: UInt64) -> String {
        func pair(_ whole: UInt64, _ unit: String, _ rest: UInt64, _ small: String) -> String {
            rest == 0 ? "\(count(whole)) \(unit)" : "\(count(whole)) \(unit) \(rest) \(small)"
        }
        let minutes = seconds / 60
        switch seconds {
        case ..<60: return "\(seconds) s"
        case ..<3_600: return pair(minutes, "min", seconds % 60, "s")
        case ..<86_400: return pair(minutes / 60, "h", minutes % 60, "min")
        default: return pair(minutes / 1_440, "d", minutes / 60 % 24, "h")
        }
    }

    /// `14:02:11`, in UTC.
    public static func time(_ moment: Timestamp) -> String {
        String(moment.description.dropFirst(11).prefix(8))
    }

    /// `14:02`, in UTC.
    public static func minute(_ moment: Timestamp) -> String {
        String(moment.description.dropFirst(11).prefix(5))
    }

    /// `Mon 16 Nov 2026`, in UTC.
    public static func date(_ moment: Timestamp) -> String {
        let day = moment.microseconds.quotientAndRemainderFloored(86_400_000_000).quotient
        let civil = CivilDate(daysSinceEpoch: Int(day))
        return
            "\(weekdays[weekday(daysSinceEpoch: Int(day))]) \(civil.day) \(months[(civil.month + 11) % 12]) \(civil.year)"
    }

    /// `Mon 16 Nov 14:02`, in UTC.
    public static func moment(_ moment: Timestamp) -> String {
        date(moment).dropLast(5) + " " + minute(moment)
    }

    /// 0 for Monday to 6 for Sunday.
    ///
    /// 1970-01-01 was a Thursday.
    public static func weekday(daysSinceEpoch days: Int) -> Int {
        ((days + 3) % 7 + 7) % 7
    }

    /// Names of days, from Monday.
    public static let weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]

    /// Names of months, from January.
    public static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
}

extension Int64 {
    func quotientAndRemainderFloored(_ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
