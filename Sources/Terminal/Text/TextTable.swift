/// A table for people: numbers to the right, widths that fit the terminal, long names cut with `…`.
public struct TextTable: Sendable {
    /// One column.
    public struct Column: Sendable {
        /// Where the cells stand.
        public enum Alignment: Sendable {
            /// For names.
            case left
            /// For numbers.
            case right
        }

        /// The heading.
        public var title: String
        /// Where the cells stand.
        public var alignment: Alignment
        /// Whether cells may be cut to make the table fit, and to how few cells at most.
        public var minimumWidth: Int?
        /// Whether the column may be left out where cutting is not enough; the highest goes first, 0 never goes.
        public var dropOrder: Int

        /// Makes a column; one without `minimumWidth` is never cut.
        public init(_ title: String, _ alignment: Alignment = .left, minimumWidth: Int? = nil, dropOrder: Int = 0) {
            self.title = title
            self.alignment = alignment
            self.minimumWidth = minimumWidth
            self.dropOrder = dropOrder
        }
    }

    /// One cell.
    public struct Cell: Sendable, ExpressibleByStringInterpolation {
        /// What it says, already harmless to show.
        public var text: String
        /// Its ink.
        public var ink: Ink

        /// Makes a cell; the text passes `VisibleText`.
        public init(_ text: String, _ ink: Ink = .plain) {
            self.text = VisibleText.of(text)
            self.ink = ink
        }

        /// A plain cell.
        public init(stringLiteral value: String) {
            self.init(value)
        }
    }

    private static let gap = 2
    /// Cells of a name that people still recognise.
    private static let readable = 16

    private let columns: [Column]
    private var rows: [[Cell]] = []

    /// Makes an empty table.
    public init(_ columns: [Column]) {
        self.columns = columns
    }

    /// Whether it has no rows.
    public var isEmpty: Bool { rows.isEmpty }

    /// Adds a row; cells that are missing are empty, those too many are dropped.
    public mutating func append(_ cells: [Cell]) {
        rows.append(columns.indices.map { $0 < cells.count ? cells[$0] : "" })
    }

    /// The table as lines, each ending in a newline.
    ///
    /// - Parameters:
    ///   - width: cells in a line; nil for no limit.
    ///   - palette: paints headings and cells.
    ///   - indent: spaces before each line.
    public func render(width: Int? = nil, palette: Palette = .none, indent: Int = 0) -> String {
        let layout = layout(width: width.map { max($0 - indent, 1) })
        let margin = String(repeating: " ", count: indent)
        var text = margin + line(layout, palette) { Cell(columns[$0].title, .dim) }
        for row in rows {
            text += margin + line(layout, palette) { row[$0] }
        }
        let missing = columns.indices.filter { index in !layout.contains { $0.column == index } }
        if !missing.isEmpty {
            text += note(missing.map { columns[$0].title }, room: (width ?? .max) - indent, margin, palette)
        }
        return text
    }

    /// Which columns were left out, on as many lines as that takes.
    private func note(_ titles: [String], room: Int, _ margin: String, _ palette: Palette) -> String {
        var lines = ["… not shown at this width:"]
        for (index, title) in titles.enumerated() {
            let word = " " + title + (index < titles.count - 1 ? "," : "")
            if DisplayWidth.of(lines[lines.count - 1] + word) > room {
                lines.append(" " + word)
            } else {
                lines[lines.count - 1] += word
            }
        }
        return lines.map { margin + palette.paint($0, .dim) + "\n" }.joined()
    }

    private func line(_ layout: [Slot], _ palette: Palette, _ cell: (Int) -> Cell) -> String {
        var text = ""
        var owed = 0
        for (index, slot) in layout.enumerated() {
            let cell = cell(slot.column)
            let shown = DisplayWidth.truncate(cell.text, to: slot.width)
            let room = slot.width - DisplayWidth.of(shown)
            let isRight = columns[slot.column].alignment == .right
            // Spaces are owed and only paid before the next text: no line ends in blanks.
            if index > 0 { owed += TextTable.gap }
            if isRight { owed += room }
            if !shown.isEmpty {
                text += String(repeating: " ", count: owed) + palette.paint(shown, cell.ink)
                owed = 0
            }
            if !isRight { owed += room }
        }
        return text + "\n"
    }

    private struct Slot {
        let column: Int
        var width: Int
    }

    /// Natural widths; where they do not fit, names are first cut to what still reads well, then columns are left out one
    /// by one, and only then names are cut further.
    private func layout(width limit: Int?) -> [Slot] {
        var slots = columns.indices.map { Slot(column: $0, width: natural($0)) }
        guard let limit else { return slots }
        while true {
            shrink(&slots, to: limit, keeping: TextTable.readable)
            guard total(slots) > limit else { return slots }
            let droppable = slots.indices.filter { columns[slots[$0].column].dropOrder > 0 }
            guard let next = droppable.max(by: { drop(slots[$0]) < drop(slots[$1]) }) else { break }
            slots.remove(at: next)
            for index in slots.indices { slots[index].width = natural(slots[index].column) }
        }
        shrink(&slots, to: limit, keeping: 0)
        return slots
    }

    private func natural(_ column: Int) -> Int {
        rows.reduce(DisplayWidth.of(columns[column].title)) { max($0, DisplayWidth.of($1[column].text)) }
    }

    private func drop(_ slot: Slot) -> Int { columns[slot.column].dropOrder }

    private func total(_ slots: [Slot]) -> Int {
        slots.reduce(0) { $0 + $1.width } + TextTable.gap * max(slots.count - 1, 0)
    }

    private func shrink(_ slots: inout [Slot], to limit: Int, keeping least: Int) {
        while total(slots) > limit {
            let cuttable = slots.indices.filter { index in
                columns[slots[index].column].minimumWidth.map { slots[index].width > max($0, least) } ?? false
            }
            guard let widest = cuttable.max(by: { slots[$0].width < slots[$1].width }) else { return }
            slots[widest].width -= 1
        }
    }
}
