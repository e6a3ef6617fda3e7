import Events
import Terminal

/// Moments as the zone's people read them.
extension ReportZone {
    /// `Mon 16 Nov 14:02`.
    func moment(_ moment: Moment) -> String { Words.moment(local(moment.timestamp)) }

    /// `Mon 16 Nov 2026`.
    func date(_ moment: Moment) -> String { Words.date(local(moment.timestamp)) }

    /// `14:02`.
    func minute(_ moment: Moment) -> String { Words.minute(local(moment.timestamp)) }

    /// `14:02:11`.
    func time(_ moment: Moment) -> String { Words.time(local(moment.timestamp)) }

    /// `Tue 14:02`.
    func weekdayMinute(_ moment: Moment) -> String { "\(date(moment).prefix(3)) \(minute(moment))" }
}
