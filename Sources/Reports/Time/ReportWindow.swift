public import Events
public import Warehouse

/// Chooses the time that a report covers.
public enum ReportWindow {
    private static let day: Int64 = 86_400_000_000

    /// The time between two moments; without `until`, up to the last record; without `since`, the seven days before that.
    ///
    /// - Throws: `ReportError` where the warehouse is empty or `since` is not before `until`.
    public static func resolve(
        since: Timestamp?, until: Timestamp?, in store: WarehouseStore
    ) throws(ReportError) -> Period {
        guard let span = try ask({ () throws(WarehouseError) in try store.span() }) else { throw .empty }
        let to = until ?? span.to
        let from = since ?? to.advanced(by: -7 * day)
        guard from < to else {
            throw ReportError(
                .usage, "the period ends before it begins: \(from) to \(to)", hint: "tollgate report rates --since 7d")
        }
        return Period(from: from, to: to)
    }
}

/// A week as a report covers it.
struct WeekWindow: Equatable {
    let week: ISOWeek
    let zone: ReportZone
    /// The week, or its part up to the last record.
    let period: Period
    let isPartial: Bool

    /// The wanted week, else the last complete one that has calls, else the running one.
    ///
    /// "Complete" is told by the records, not by a clock: the log must go on past the week's end.
    ///
    /// - Parameters:
    ///   - wanted: the week asked for.
    ///   - span: from the first call to just past the last record.
    ///   - zone: in which the week begins.
    ///   - hasCalls: whether there are calls in a period.
    init(
        wanted: ISOWeek?, span: Period, zone: ReportZone = .utc, hasCalls: (Period) throws(ReportError) -> Bool
    ) throws(ReportError) {
        let running = ISOWeek(containing: span.to.advanced(by: -1), in: zone)
        guard wanted == nil else {
            self.init(wanted ?? running, zone, end: span.to)
            return
        }
        let first = ISOWeek(containing: span.from, in: zone)
        var candidate = running
        while candidate >= first {
            let period = candidate.period(in: zone)
            if period.to <= span.to, try hasCalls(period) { break }
            candidate = candidate.previous
        }
        self.init(candidate >= first ? candidate : running, zone, end: span.to)
    }

    private init(_ week: ISOWeek, _ zone: ReportZone, end: Timestamp) {
        let whole = week.period(in: zone)
        self.week = week
        self.zone = zone
        isPartial = end < whole.to && end > whole.from
        period = isPartial ? Period(from: whole.from, to: end) : whole
    }

    /// The same span some weeks earlier.
    func earlier(_ weeks: Int) -> Period {
        zone.period(period, daysEarlier: 7 * weeks)
    }

    /// The week's seven days, also those that a partial report has not reached.
    var days: DayRange { DayRange(week.period(in: zone), in: zone) }

    /// The 28 days up to the period's end.
    var month: Period {
        Period(from: zone.period(period, daysEarlier: 28).to, to: period.to)
    }
}

/// Asks the warehouse and turns its error into ours.
func ask<Answer>(_ question: () throws(WarehouseError) -> Answer) throws(ReportError) -> Answer {
    do {
        return try question()
    } catch {
        throw ReportError(error)
    }
}

extension ReportError {
    static var empty: ReportError {
        ReportError(.noEvents, "the warehouse holds no event", hint: "tollgate ingest")
    }
}
