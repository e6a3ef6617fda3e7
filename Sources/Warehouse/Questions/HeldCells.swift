import Events
import GRDB
import Synchronization

/// Sums of a time kept in memory, for many questions about that very time.
///
/// A report asks two dozen questions of one week and the days before it; reading their sums once is most of its speed.
final class HeldCells: Sendable {
    /// The sums of a period, by hour.
    let period: Period
    private let hours: [Cell]
    /// The sums of whole UTC days, by day; nil where the period has none that end with it.
    private let days: (period: Period, cells: [Cell])?
    /// Sums over a whole period, made when they are first asked for.
    private let totals = Mutex<[Period: [Cell]]>([:])

    init(period: Period, hours: [Cell], days: (period: Period, cells: [Cell])?) {
        self.period = period
        self.hours = hours
        self.days = days
    }

    /// Gives `body` each cell that a source wants, by hour or day; false where that is not held.
    func scan(_ source: CellSource, _ body: (Cell) -> Void) -> Bool {
        let takes = CellFilter(source.selection)
        if source.period == period, source.grain != .quarter {
            for cell in hours where takes(cell) {
                guard source.grain == .day else {
                    body(cell)
                    continue
                }
                var cell = cell
                cell.start = Clock.start(of: Clock.day, holding: cell.start * Clock.second)
                body(cell)
            }
            return true
        }
        guard source.grain == .day, let days, days.period.holdsDays(of: source.period) else { return false }
        let (from, to) = (source.period.from.microseconds, source.period.to.microseconds)
        for cell in days.cells where cell.start * Clock.second >= from && cell.start * Clock.second < to {
            if takes(cell) { body(cell) }
        }
        return true
    }

    /// A source's sums by actor, tool, verdict and outcome over all its time; nil where they are not held.
    func totals(_ source: CellSource) -> [Cell]? {
        let takes = CellFilter(source.selection)
        if let cells = totals.withLock({ $0[source.period] }) {
            return takes.takesAll ? cells : cells.filter { takes($0) }
        }
        var sums = CellSums([.actor, .tool, .verdict, .outcome])
        let whole = CellSource(period: source.period, selection: Selection(.all, source.selection.names))
        guard scan(whole, { sums.add($0) }) else { return nil }
        let cells = sums.sorted
        totals.withLock { $0[source.period] = cells }
        return takes.takesAll ? cells : cells.filter { takes($0) }
    }
}

/// Which cells a selection takes.
private struct CellFilter {
    private let actors: [Bool]?
    private let tools: [Bool]?
    private let verdicts: [Bool]?
    private let outcomes: [Bool]?

    init(_ selection: Selection) {
        actors = CellFilter.flags(selection.actors)
        tools = CellFilter.flags(selection.tools)
        verdicts = CellFilter.flags(selection.verdicts)
        outcomes = CellFilter.flags(selection.outcomes)
    }

    var takesAll: Bool { actors == nil && tools == nil && verdicts == nil && outcomes == nil }

    func callAsFunction(_ cell: Cell) -> Bool {
        CellFilter.has(actors, cell.actor) && CellFilter.has(tools, cell.tool)
            && CellFilter.has(verdicts, cell.verdict) && CellFilter.has(outcomes, cell.outcome)
    }

    private static func flags(_ ids: [Int64]?) -> [Bool]? {
        guard let ids else { return nil }
        var flags = [Bool](repeating: false, count: Int(ids.max() ?? 0) + 1)
        for id in ids where id >= 0 { flags[Int(id)] = true }
        return flags
    }

    private static func has(_ flags: [Bool]?, _ id: Int64) -> Bool {
        guard let flags else { return true }
        return flags.indices.contains(Int(id)) && flags[Int(id)]
    }
}

extension Period {
    /// Whether a period consists of whole UTC days that lie within this one.
    fileprivate func holdsDays(of other: Period) -> Bool {
        let day = Clock.day * Clock.second
        return other.from.microseconds % day == 0 && other.to.microseconds % day == 0 && other.from >= from
            && other.to <= to
    }
}

extension WarehouseStore {
    /// The same warehouse with a period's sums by hour, and those of whole UTC days up to its end by day, in memory, so that
    /// many questions about them read them once.
    ///
    /// The answers are those of the moment at which this was called, as far as they come from sums.
    ///
    /// - Parameter days: how many days before the period are held too, where it consists of whole UTC days.
    /// - Throws: `WarehouseError`.
    public func holding(_ period: Period, daysBefore days: Int = 0) throws(WarehouseError) -> WarehouseStore {
        let held = try ask { db in
            let all = Selection(.all, try names.read(db))
            var hours: [Cell] = []
            try CellSource(period: period, selection: all, grain: .hour).scan(db) { hours.append($0) }
            let month = Period(
                from: period.from.advanced(by: -Int64(days) * Clock.day * Clock.second), to: period.to)
            guard month.holdsDays(of: month), days > 0 else {
                return HeldCells(period: period, hours: hours, days: nil)
            }
            var sums = CellSums([.start, .actor, .tool, .verdict, .outcome])
            for cell in hours {
                var cell = cell
                cell.start = Clock.start(of: Clock.day, holding: cell.start * Clock.second)
                sums.add(cell)
            }
            var cells: [Cell] = []
            try CellSource(period: Period(from: month.from, to: period.from), selection: all).scan(db) {
                cells.append($0)
            }
            return HeldCells(period: period, hours: hours, days: (month, cells + sums.sorted))
        }
        return WarehouseStore(self, holding: held)
    }
}
