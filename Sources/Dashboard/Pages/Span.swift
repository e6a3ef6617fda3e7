import Events
import Hummingbird
import Reports
import Warehouse

/// The time that a page is about: the last hour, day, week or four weeks.
struct Span: Sendable {
    static let all: [(name: String, words: String, microseconds: Int64)] = [
        ("1h", "1 hour", 3_600_000_000), ("24h", "24 hours", 86_400_000_000), ("7d", "7 days", 604_800_000_000),
        ("28d", "28 days", 2_419_200_000_000),
    ]

    var name = "24h"

    /// What a request asks for; what it does not say or says wrongly is a day.
    init(_ request: Request) {
        let wanted = request.uri.queryParameters["span"].map(String.init)
        if let wanted, Self.all.contains(where: { $0.name == wanted }) { name = wanted }
    }

    var microseconds: Int64 { Self.all.first { $0.name == name }?.microseconds ?? 86_400_000_000 }

    /// Up to the newest record: a log of last month is looked at as well as a running one.
    ///
    /// - Throws: `ReportError` where nothing has been loaded.
    func period(in store: WarehouseStore) throws -> Period {
        let whole = try ReportWindow.resolve(since: nil, until: nil, in: store)
        return Period(from: whole.to.advanced(by: -microseconds), to: whole.to)
    }

    /// The choice of times, on a page.
    func choice(_ path: String) -> HTML {
        let ways = Self.all.map { one -> HTML in
            let mark: HTML = one.name == name ? " aria-current=\"true\"" : ""
            return "<a href=\"\(path)?span=\(one.name)\"\(mark)>\(one.words)</a>"
        }
        return "<nav class=\"span\" aria-label=\"Time\">\(ways)</nav>"
    }
}
