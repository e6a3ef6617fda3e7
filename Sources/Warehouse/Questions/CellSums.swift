/// Adds cells up by some of their keys.
///
/// In memory: SQLite sorts to group, which takes longer than reading.
struct CellSums {
    private struct Key: Hashable {
        let start: Int64
        /// The dictionaries' ids: 100,000 rows each at most, which 17 bits hold, and fewer than 16 outcomes.
        let rest: UInt64
    }

    private let keys: Set<CellSource.Key>
    private var indices: [Key: Int] = [:]
    private var cells: [Cell] = []

    init(_ keys: [CellSource.Key]) {
        self.keys = Set(keys)
        hasStart = self.keys.contains(.start)
        actorMask = self.keys.contains(.actor) ? -1 : 0
        toolMask = self.keys.contains(.tool) ? -1 : 0
        verdictMask = self.keys.contains(.verdict) ? -1 : 0
        outcomeMask = self.keys.contains(.outcome) ? -1 : 0
    }

    private let hasStart: Bool
    private let actorMask: Int64
    private let toolMask: Int64
    private let verdictMask: Int64
    private let outcomeMask: Int64

    mutating func add(_ cell: Cell) {
        var cell = cell
        if !hasStart { cell.start = 0 }
        cell.actor &= actorMask
        cell.tool &= toolMask
        cell.verdict &= verdictMask
        cell.outcome &= outcomeMask
        let ids = cell.actor << 44 ^ cell.tool << 24 ^ cell.verdict << 4 ^ cell.outcome
        let key = Key(start: cell.start, rest: UInt64(bitPattern: ids))
        if let index = indices[key] {
            cells[index].n += cell.n
            cells[index].near += cell.near
            cells[index].timed += cell.timed
            cells[index].upstream += cell.upstream
        } else {
            indices[key] = cells.count
            cells.append(cell)
        }
    }

    /// The sums that are not zero, in the order of their keys.
    var sorted: [Cell] {
        cells.filter { $0.n != 0 }.sorted {
            ($0.start, $0.actor, $0.tool, $0.verdict, $0.outcome)
                < ($1.start, $1.actor, $1.tool, $1.verdict, $1.outcome)
        }
    }
}
