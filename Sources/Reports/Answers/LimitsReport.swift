import Events
public import Terminal
public import Warehouse

/// How near calls came to their limits, and which tools have none.
public struct LimitsReport: Report, DocumentedReport, Encodable {
    let report = "limits"
    let version = 1
    let period: PeriodFigures
    let coverage: CoverageFigures
    let limits: [LimitFigures]
    let unlimited: [UnlimitedFigures]

    private enum CodingKeys: String, CodingKey {
        case report, version, period, coverage, limits, unlimited
    }

    /// Asks for a period's limits.
    ///
    /// - Throws: `ReportError`.
    public static func make(
        from store: WarehouseStore, in period: Period, where filter: CallFilter = .all, zone: ReportZone = .utc
    ) throws(ReportError) -> LimitsReport {
        let coverage = try ask { () throws(WarehouseError) in try store.coverage(in: period) }
        let maker = LimitMaker(store: store, period: period, filter: filter)
        return LimitsReport(
            period: PeriodFigures(period, in: zone), coverage: CoverageFigures(coverage), limits: try maker.limits(),
            unlimited: try maker.unlimited())
    }

    static let csvHint = "tollgate report limits --csv"

    var csv: CSV? {
        CSV(
            columns: [
                "server", "tool", "counter", "window_s", "maximum", "agents", "calls", "near", "throttled", "highest",
                "peak_minute_calls", "verdict",
            ],
            rows: limits.map { limit in
                [
                    .text(limit.server), .text(limit.tool), .text(limit.counter), .number(limit.windowSeconds),
                    .number(limit.maximum), .number(limit.agents), .number(limit.calls), .number(limit.near),
                    .number(limit.throttled), limit.highest.map { .number($0) } ?? .empty,
                    limit.peakMinute.map { .number($0.calls) } ?? .empty, .text(limit.verdict.rawValue),
                ]
            })
    }

    var document: Document {
        let hit = limits.filter { $0.throttled > 0 }.count
        return AnswerDocument.make(
            "tollgate limits", period: period, coverage: coverage,
            summary:
                "\(Words.count(limits.count, "limit")) in use, \(hit) of them stopped calls; \(Words.count(unlimited.count, "tool")) without a limit.",
            blocks: [.table(LimitBlocks(zone: period.zone).limits(limits)), .table(LimitBlocks.unlimited(unlimited))])
    }

    /// Every figure as JSON.
    public func json() throws(ReportError) -> String { try encoded() }

    /// The report in a form.
    public func rendered(as format: ReportFormat, width: Int?, palette: Palette) throws(ReportError) -> String {
        try written(as: format, width: width, palette: palette)
    }
}

/// One limit of one tool.
struct LimitFigures: Sendable, Equatable, Encodable {
    /// What the use says about the limit.
    enum Verdict: String, Sendable, Encodable {
        /// It stopped calls.
        case stops
        /// Calls passed with 80 % and more of it used.
        case near
        /// Of a limit of a minute, the busiest minute of any agent was a fifth at most.
        case loose
        /// Neither.
        case fits
    }

    var server: String
    var tool: String
    var counter: String
    var windowSeconds: Int
    var maximum: Int
    var agents: Int
    var calls: Int
    var near: Int
    var throttled: Int
    /// The most that a call which passed had used, where that was 80 % or more.
    var highest: Int?
    /// The busiest clock minute of any one agent.
    var peakMinute: PeakFigures?
    var verdict: Verdict
}

/// A tool whose calls met no limit.
struct UnlimitedFigures: Sendable, Equatable, Encodable {
    var server: String
    var tool: String
    var risk: String?
    var agents: Int
    var calls: Int
    var peakMinute: PeakFigures?
}
