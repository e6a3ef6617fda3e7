import Events
import Hummingbird
import Reports
import Warehouse

/// The time that a page is about: the last hour, day, week or four weeks.
enum Span: String, CaseIterable, Sendable {
    case hour = "1h"
    case day = "24h"
    case week = "7d"
    case month = "28d"

    private static let anHour: Int64 = 3_600_000_000
    private static let aDay: Int64 = 24 * anHour

    /// What a request asks for; what it does not say or says wrongly is a day.
    init(_ request: Request) {
        self = request.uri.queryParameters["span"].flatMap { Span(rawValue: String($0)) } ?? .day
    }

    var words: String {
        switch self {
        case .hour: "1 hour"
        case .day: "24 hours"
        case .week: "7 days"
        case .month: "28 days"
        }
    }

    private var microseconds: Int64 {
        switch self {
        case .hour: Self.anHour
        case .day: Self.aDay
        case .week: 7 * Self.aDay
        case .month: 28 * Self.aDay
        }
    }

    /// Up to the newest record: a log of last month is looked at as well as a running one.
    ///
    /// - Throws: `ReportError` where nothing has been loaded.
    func period(in store: WarehouseStore, _ state: WarehouseState) throws -> Period {
        guard let newest = state.newest else { return try ReportWindow.resolve(since: nil, until: nil, in: store) }
        return period(upTo: newest)
    }

    /// The time up to a moment, both ends in whole UTC hours, of a week and more in whole UTC days.
    ///
    /// Of whole hours and days the warehouse has sums, so that it need not look at calls.
    func period(upTo newest: Timestamp) -> Period {
        let unit = self == .week || self == .month ? Self.aDay : Self.anHour
        let first = Self.start(of: unit, holding: newest.advanced(by: -microseconds))
        return Period(from: first, to: Self.start(of: unit, holding: newest).advanced(by: unit))
    }

    /// What a page says of it, such as `24 hours, since 2026-11-22 01:00`.
    func words(_ period: Period) -> String {
        let since = period.from.description.prefix(16).split(separator: "T").joined(separator: " ")
        return "\(words), since \(since)."
    }

    private static func start(of unit: Int64, holding moment: Timestamp) -> Timestamp {
        let rest = moment.microseconds % unit
        return moment.advanced(by: -(rest < 0 ? rest + unit : rest))
    }

    /// The choice of times, on a page.
    func choice(_ path: String) -> HTML {
        let ways = Self.allCases.map { one -> HTML in
            let mark: HTML = one == self ? " aria-current=\"true\"" : ""
            return "<a href=\"\(path)?span=\(one.rawValue)\"\(mark)>\(one.words)</a>"
        }
        return "<nav class=\"span\" aria-label=\"Time\">\(ways)</nav>"
    }
}
