/// Spans of time as texts.
enum DurationWords {
    private static let units: [(suffix: String, milliseconds: Int)] = [
        ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
    ]

    /// Milliseconds of `90s` and the like; nil when it is none, is nothing, or is longer than 366 days.
    static func milliseconds(_ text: String) -> Int? {
        guard let unit = units.first(where: { text.hasSuffix($0.suffix) }) else { return nil }
        let digits = text.dropLast(unit.suffix.utf8.count)
        guard (1...11).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let count = Int(digits)
        else { return nil }
        return checked(count.multipliedReportingOverflow(by: unit.milliseconds).partialValue)
    }

    /// Milliseconds of a JSON number of seconds, which must be a whole number of them.
    static func milliseconds(seconds token: String) -> Int? {
        guard let seconds = Double(token), seconds >= 0.001, seconds <= Double(ConfigurationFields.maximumSeconds)
        else {
            return nil
        }
        return checked(Int((seconds * 1000).rounded()))
    }

    private static func checked(_ milliseconds: Int) -> Int? {
        (1...ConfigurationFields.maximumSeconds * 1000).contains(milliseconds) ? milliseconds : nil
    }
}
