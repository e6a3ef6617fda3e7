/// Adds cells up by some of their keys.
///
/// In memory: SQLite sorts to group, which takes longer than reading.
struct CellSums {
    private struct Sum {
        var n = 0
        var near = 0
        var timed = 0
        var upstream: Int64 = 0
    }

    private let keepsStart: Bool
    /// The bits of the keys that are kept.
    private let mask: UInt64
    private var sums = PackedTable<Sum>()

    init(_ keys: [CellSource.Key]) {
        keepsStart = keys.contains(.start)
        mask = keys.reduce(0) { $0 | CellSums.bits($1) }
    }

    // The dictionaries' ids: 100,000 rows each at most, which 17 bits hold, and fewer than 16 outcomes.
    private static func bits(_ key: CellSource.Key) -> UInt64 {
        switch key {
        case .start: 0
        case .actor: 0xFFFFF << 44
        case .tool: 0xFFFFF << 24
        case .verdict: 0xFFFFF << 4
        case .outcome: 0xF
        }
    }

    mutating func add(_ cell: Cell) {
        let ids = UInt64(bitPattern: cell.actor << 44 ^ cell.tool << 24 ^ cell.verdict << 4 ^ cell.outcome)
        // Times before 1970 come before the others too.
        let start = keepsStart ? UInt64(bitPattern: cell.start) ^ 1 << 63 : 0
        let index = sums.index(of: PackedKey(high: start, low: ids & mask), initial: Sum())
        sums.values[index].n += cell.n
        sums.values[index].near += cell.near
        sums.values[index].timed += cell.timed
        sums.values[index].upstream += cell.upstream
    }

    /// The sums that are not zero, in no order.
    var cells: [Cell] { sums.keys.indices.compactMap { sums.values[$0].n == 0 ? nil : cell($0) } }

    /// The sums that are not zero, in the order of their keys.
    var sorted: [Cell] { sums.sortedIndices().compactMap { sums.values[$0].n == 0 ? nil : cell($0) } }

    private func cell(_ index: Int) -> Cell {
        let key = sums.keys[index]
        let sum = sums.values[index]
        return Cell(
            start: keepsStart ? Int64(bitPattern: key.high ^ 1 << 63) : 0, actor: Int64(key.low >> 44),
            tool: Int64(key.low >> 24 & 0xFFFFF), verdict: Int64(key.low >> 4 & 0xFFFFF),
            outcome: Int64(key.low & 0xF), n: sum.n, near: sum.near, timed: sum.timed, upstream: sum.upstream)
    }
}
