import GRDB

/// A period's sums by hour, kept in memory for questions about that very period.
///
/// A report asks a dozen questions of one week; reading its hours once instead of a dozen times is most of its speed.
final class HeldCells: Sendable {
    let period: Period
    let cells: [Cell]

    init(period: Period, cells: [Cell]) {
        self.period = period
        self.cells = cells
    }

    /// Gives `body` each cell that a selection takes.
    func forEach(_ selection: Selection, _ body: (Cell) -> Void) {
        let actors = selection.actors.map(Set.init)
        let tools = selection.tools.map(Set.init)
        let verdicts = selection.verdicts.map(Set.init)
        for cell in cells {
            guard actors?.contains(cell.actor) ?? true, tools?.contains(cell.tool) ?? true,
                verdicts?.contains(cell.verdict) ?? true
            else { continue }
            body(cell)
        }
    }
}

extension WarehouseStore {
    /// The same warehouse with a period's sums in memory, so that many questions about it read them once.
    ///
    /// The answers are those of the moment at which this was called, as far as they come from sums.
    ///
    /// - Throws: `WarehouseError`.
    public func holding(_ period: Period) throws(WarehouseError) -> WarehouseStore {
        let held = try ask { db in
            let source = CellSource(period: period, selection: Selection(.all, try names.read(db)), grain: .hour)
            var cells: [Cell] = []
            try source.scan(db) { cells.append($0) }
            return HeldCells(period: period, cells: cells)
        }
        return WarehouseStore(self, holding: held)
    }
}
