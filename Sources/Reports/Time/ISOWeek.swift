public import Events
public import Warehouse

/// A week of ISO 8601: Monday to Sunday, numbered by the year that holds its Thursday.
///
/// UTC.
public struct ISOWeek: Sendable, Hashable, Comparable {
    /// The week-numbering year, which near New Year is not always the calendar's.
    public let year: Int
    /// The number, 1–53.
    public let week: Int

    /// The week that holds a moment, in a zone.
    public init(containing moment: Timestamp, in zone: ReportZone = .utc) {
        self.init(monday: ISOWeek.monday(of: zone.day(of: moment)))
    }

    /// Reads `2026-W47`; nil when it is anything else or the year has no such week.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "-W", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.count == 4, parts[1].utf8.count == 2, let year = ISOWeek.digits(parts[0]),
            let week = ISOWeek.digits(parts[1]), year >= 1, week >= 1, week <= ISOWeek.weeks(inYear: year)
        else { return nil }
        self.year = year
        self.week = week
    }

    /// From the year and the number, in the order of time.
    public static func < (a: ISOWeek, b: ISOWeek) -> Bool {
        (a.year, a.week) < (b.year, b.week)
    }

    /// Monday's midnight to the next Monday's, in a zone.
    public func period(in zone: ReportZone) -> Period {
        Period(from: zone.start(ofDay: monday), to: zone.start(ofDay: monday + 7))
    }

    /// The week before.
    public var previous: ISOWeek { ISOWeek(monday: monday - 7) }

    /// The week after.
    public var next: ISOWeek { ISOWeek(monday: monday + 7) }

    /// The number of weeks of a year: 53 where its first of January or its 31st of December is a Thursday.
    public static func weeks(inYear year: Int) -> Int {
        let monday = firstMonday(ofYear: year)
        return (firstMonday(ofYear: year + 1) - monday) / 7
    }

    private init(monday: Int) {
        year = CivilDate(daysSinceEpoch: monday + 3).year
        week = (monday - ISOWeek.firstMonday(ofYear: year)) / 7 + 1
    }

    /// Days from 1970-01-01 to this week's Monday.
    var monday: Int { ISOWeek.firstMonday(ofYear: year) + (week - 1) * 7 }

    /// The week of 4 January is always the year's first.
    private static func firstMonday(ofYear year: Int) -> Int {
        monday(of: CivilDate(year: year, month: 1, day: 4).daysSinceEpoch)
    }

    /// The Monday on or before a day; 1970-01-01 was a Thursday.
    private static func monday(of day: Int) -> Int {
        day - ((day + 3) % 7 + 7) % 7
    }

    private static func digits(_ text: some StringProtocol) -> Int? {
        text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? Int(text) : nil
    }
}

extension ISOWeek: CustomStringConvertible {
    /// `2026-W47`.
    public var description: String {
        func padded(_ value: Int, _ digits: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(digits - text.utf8.count, 0)) + text
        }
        return "\(padded(year, 4))-W\(padded(week, 2))"
    }
}
