import Events
import Reports
import Terminal
import Warehouse

/// A tool's calls per minute in the last two hours, against the smallest limit that a call met in the last day.
struct MinuteChart: Sendable {
    private static let minutes = 120

    let server: String
    let tool: String

    /// The chart of the time up to the newest record.
    func html(_ store: WarehouseStore) throws -> HTML {
        guard let to = try store.state().newest else { return "" }
        let minute: Int64 = 60_000_000
        let end = Timestamp(microseconds: (to.microseconds / minute + 1) * minute)
        let period = Period(from: end.advanced(by: -Int64(Self.minutes) * minute), to: end)
        let filter = CallFilter(server: server, tool: tool)
        let series = try store.series(in: period, stepSeconds: 60, where: filter)
        let uses = try store.limitUses(in: Span.day.period(upTo: to), where: filter)
        let limit = uses.compactMap(\.limit).filter { $0.windowSeconds == 60 }.map(\.maximum).min()
        let passed = series.map { max(0, $0.calls - $0.denied - $0.throttled) }
        let labels = series.indices.map { index in
            index % 20 == 10 ? Words.minute(period.from.advanced(by: Int64(index) * minute)) : ""
        }
        let peak = series.map(\.calls).max() ?? 0
        let bound = limit.map { ", where \(Words.count($0)) a minute are allowed to one caller" } ?? ""
        let words =
            "Calls per minute in the last two hours: at most \(Words.count(peak))\(bound), "
            + "\(Words.count(series.reduce(0) { $0 + $1.denied + $1.throttled })) stopped."
        let drawing = PageChart.bars(
            unit: "calls per minute", labels: labels,
            layers: [
                .init("went on", .plain, passed), .init("throttled", .warn, series.map(\.throttled)),
                .init("denied", .bad, series.map(\.denied)),
            ],
            mark: limit.map { (Double($0), "limit \($0)") }, alternative: words)
        return "<section><h2>Per minute</h2>\(drawing)</section>"
    }
}
