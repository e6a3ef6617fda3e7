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
    private static let week: Int64 = 7 * 86_400_000_000

    let week: ISOWeek
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
    ///   - hasCalls: whether there are calls in a period.
    init(
        wanted: ISOWeek?, span: Period, hasCalls: (Period) throws(ReportError) -> Bool
    ) throws(ReportError) {
        let running = ISOWeek(containing: span.to.advanced(by: -1))
        guard wanted == nil else {
            self.init(wanted ?? running, end: span.to)
            return
        }
        let first = ISOWeek(containing: span.from)
        var candidate = running
        while candidate >= first {
            if candidate.period.to <= span.to, try hasCalls(candidate.period) { break }
            candidate = candidate.previous
        }
        self.init(candidate >= first ? candidate : running, end: span.to)
    }

    private init(_ week: ISOWeek, end: Timestamp) {
        let whole = week.period
        self.week = week
        isPartial = end < whole.to && end > whole.from
        period = isPartial ? Period(from: whole.from, to: end) : whole
    }

    /// The same span some weeks earlier.
    func earlier(_ weeks: Int) -> Period {
        let shift = -Int64(weeks) * WeekWindow.week
        return Period(from: period.from.advanced(by: shift), to: period.to.advanced(by: shift))
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
