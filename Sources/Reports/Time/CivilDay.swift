import Events
import Terminal

/// A day in a report, `2026-11-16`.
struct CivilDay {
    let date: CivilDate

    init(_ date: CivilDate) {
        self.date = date
    }

    init?(_ text: String) {
        guard let moment = Timestamp(text: text + "T00:00:00Z") else { return nil }
        date = CivilDate(daysSinceEpoch: Int(moment.microseconds / 86_400_000_000))
    }

    var day: Int { date.day }

    /// `Mon`.
    var weekday: String { Words.weekdays[Words.weekday(daysSinceEpoch: date.daysSinceEpoch)] }

    /// `Mon 16 Nov`.
    var words: String { "\(weekday) \(date.day) \(Words.months[(date.month + 11) % 12])" }

    /// `2026-11-16`.
    var text: String { String(midnight.description.prefix(10)) }

    var midnight: Timestamp { Timestamp(microseconds: Int64(date.daysSinceEpoch) * 86_400_000_000) }
}
