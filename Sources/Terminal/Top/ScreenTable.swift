/// Columns that fit a width: the least important are left out first, names are cut last.
///
/// Unlike `TextTable`, made for a screen that is drawn again and again: numbers' columns do not move as numbers grow.
struct ScreenTable {
    /// One column.
    struct Column {
        var title: String
        /// Cells that it takes at least and at most.
        var width: ClosedRange<Int>
        var isRight = false
        /// The highest is left out first; 0 never is.
        var dropOrder = 0
    }

    private static let gap = 2

    private let columns: [Column]
    /// The columns shown, by their place, with their widths.
    let slots: [(column: Int, width: Int)]

    init(_ columns: [Column], width: Int) {
        self.columns = columns
        var shown = Array(columns.indices)
        func least() -> Int {
            shown.reduce(0) { $0 + columns[$1].width.lowerBound } + ScreenTable.gap * max(shown.count - 1, 0)
        }
        while least() > width {
            let droppable = shown.filter { columns[$0].dropOrder > 0 }
            guard let next = droppable.max(by: { columns[$0].dropOrder < columns[$1].dropOrder }) else { break }
            shown.removeAll { $0 == next }
        }
        var room = width - least()
        slots = shown.map { index in
            let range = columns[index].width
            guard room >= 0 else {
                // Nothing is left to leave out: whoever is widest gives way.
                let cut = min(-room, max(range.lowerBound - 4, 0))
                room += cut
                return (index, range.lowerBound - cut)
            }
            let more = min(room, range.upperBound - range.lowerBound)
            room -= more
            return (index, range.lowerBound + more)
        }
    }

    /// The headings.
    func header(_ ink: (Int) -> Ink) -> StyledLine {
        line { (columns[$0].title, ink($0)) }
    }

    /// A row, from its cells by column.
    func line(_ cell: (Int) -> (text: String, ink: Ink)) -> StyledLine {
        var line = StyledLine()
        for (place, slot) in slots.enumerated() {
            if place > 0 { line.add(String(repeating: " ", count: ScreenTable.gap)) }
            let (text, ink) = cell(slot.column)
            let shown = DisplayWidth.truncate(VisibleText.of(text), to: slot.width)
            let isRight = columns[slot.column].isRight
            let isLast = place == slots.count - 1
            line.add(isLast && !isRight ? shown : DisplayWidth.pad(shown, to: slot.width, right: isRight), ink)
        }
        return line
    }
}
