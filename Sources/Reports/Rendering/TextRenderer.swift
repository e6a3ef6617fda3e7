import Terminal

/// A document for a terminal, a pipe or a plain mail.
struct TextRenderer {
    private static let measure = 96

    let width: Int?
    let palette: Palette

    /// The document, ending in a newline.
    func render(_ document: Document) -> String {
        var text = palette.paint(document.title, .bold) + "\n"
        text += wrapped(document.subtitle.plain, ink: .dim)
        if !document.verdict.isEmpty {
            text += "\n" + wrapped(document.verdict.plain, ink: TextRenderer.ink(document.tone))
        }
        for block in document.blocks { text += "\n" + render(block) }
        if !document.footer.isEmpty { text += "\n" }
        for line in document.footer { text += wrapped(line.plain, ink: .dim) }
        return text
    }

    private func render(_ block: Block) -> String {
        switch block {
        case .section(let section): render(section)
        case .paragraph(let prose, let tone): wrapped(prose.plain, ink: TextRenderer.ink(tone))
        case .tiles(let tiles): render(tiles)
        case .table(let table): render(table)
        case .chart(let chart): render(chart)
        case .card(let card): render(card)
        case .list(let items): items.map { wrapped($0.plain, first: "  • ", rest: "    ") }.joined()
        case .definitions(let definitions):
            definitions.map { wrapped("\($0.term): \($0.meaning.plain)", first: "  ", rest: "    ") }.joined()
        case .code(_, let caption, let code):
            wrapped(caption.plain)
                + code.split(separator: "\n", omittingEmptySubsequences: false).map {
                    $0.isEmpty ? "\n" : "    \($0)\n"
                }
                .joined()
        }
    }

    private func render(_ section: Section) -> String {
        guard !section.isReference else {
            return wrapped("\(section.title): in the report's Markdown and HTML forms.", ink: .dim)
        }
        var text = palette.paint(section.title.uppercased(), .bold) + "\n"
        if !section.lead.isEmpty { text += wrapped(section.lead.plain, ink: .dim) }
        for block in section.blocks { text += "\n" + render(block) }
        return text
    }

    private func render(_ tiles: [Tile]) -> String {
        var table = TextTable([.init(""), .init("", .right), .init("", minimumWidth: 20)])
        for tile in tiles {
            table.append([
                .init(tile.label, .dim), .init(tile.value, TextRenderer.ink(tile.tone)), .init(tile.note.plain, .dim),
            ])
        }
        // The first line holds empty headings.
        return String(table.render(width: width, palette: palette, indent: 2).drop { $0 != "\n" }.dropFirst())
    }

    private func render(_ table: Table) -> String {
        guard !table.rows.isEmpty else { return wrapped(table.empty.plain, first: "  ", rest: "  ", ink: .dim) }
        var text = table.caption.isEmpty ? "" : palette.paint("  " + table.caption, .bold) + "\n"
        var rows = TextTable(
            table.columns.map { column in
                .init(
                    column.title, column.isNumber ? .right : .left, minimumWidth: column.isName ? 8 : nil,
                    dropOrder: column.dropOrder)
            })
        for row in table.rows {
            rows.append(
                row.map { cell in
                    let shown = cell.spark.isEmpty ? cell.prose.plain : Sparkline.of(cell.spark)
                    return TextTable.Cell(shown, TextRenderer.ink(cell.tone))
                })
        }
        text += rows.render(width: width, palette: palette, indent: 2)
        if !table.more.isEmpty { text += wrapped(table.more.plain, first: "  ", rest: "  ", ink: .dim) }
        return text
    }

    private func render(_ chart: Chart) -> String {
        switch chart.kind {
        case .bars:
            return bars(chart) + wrapped(chart.alternative.plain, first: "  ", rest: "  ", ink: .dim)
        case .heat(let heat): return render(heat) + wrapped(chart.alternative.plain, first: "  ", rest: "  ", ink: .dim)
        }
    }

    private func bars(_ chart: Chart) -> String {
        guard case .bars(let bars) = chart.kind else { return "" }
        let totals = bars.labels.indices.map { index in bars.layers.reduce(0) { $0 + $1.values[index] } }
        let words = "\(bars.unit), most \(Words.count(totals.max() ?? 0))"
        let room = max(min(width ?? TextRenderer.measure, TextRenderer.measure) - DisplayWidth.of(words) - 6, 10)
        // Where there are more bars than cells, each cell shows the highest of several.
        let each = (totals.count + room - 1) / room
        let shown = stride(from: 0, to: totals.count, by: max(each, 1)).map { start in
            totals[start..<min(start + each, totals.count)].max() ?? 0
        }
        return "  \(Sparkline.of(shown))  \(words)\n"
    }

    private func render(_ heat: Chart.Heat) -> String {
        let top = heat.rows.flatMap(\.values).max() ?? 0
        if heat.writesNumbers {
            var table = TextTable(
                [.init("", minimumWidth: 12)] + heat.columns.map { .init($0, .right) } + [.init("sum", .right)])
            for row in heat.rows {
                let cells = row.values.map { TextTable.Cell(Words.count($0), $0 == 0 ? .dim : .plain) }
                table.append([.init(row.label.plain)] + cells + [.init(row.note)])
            }
            return table.render(width: width, palette: palette, indent: 2)
        }
        let labels = heat.rows.map { DisplayWidth.of($0.label.plain) }.max() ?? 0
        // One cell per column: only every third heading has room.
        let head = stride(from: 0, to: heat.columns.count, by: 3).map { DisplayWidth.pad(heat.columns[$0], to: 3) }
            .joined()
        var text = "  " + String(repeating: " ", count: labels + 2) + palette.paint(head, .dim) + "\n"
        for row in heat.rows {
            let cells = Sparkline.of(row.values, maximum: top)
            text += "  \(DisplayWidth.pad(row.label.plain, to: labels))  \(cells)  \(palette.paint(row.note, .dim))\n"
        }
        return text
    }

    private func render(_ card: Card) -> String {
        let ink = TextRenderer.ink(card.tone)
        var text = wrapped("▌ \(card.title.plain)  [\(card.badge)]", first: "", rest: "  ", ink: ink)
        let label = card.facts.map { DisplayWidth.of($0.label) }.max() ?? 0
        for fact in card.facts {
            let first = "  " + DisplayWidth.pad(fact.label, to: label) + "  "
            text += wrapped(fact.value.plain, first: first, rest: String(repeating: " ", count: label + 4))
        }
        let inner = TextRenderer(width: width.map { max($0 - 2, 20) }, palette: palette)
        for block in card.blocks {
            // Beside the card's facts a chart's sentence would only repeat them.
            let shown = if case .chart(let chart) = block { inner.bars(chart) } else { inner.render(block) }
            text += shown.split(separator: "\n").map { "  \($0)\n" }.joined()
        }
        return text
    }

    /// Words on lines of at most 96 cells, or of the terminal's width.
    private func wrapped(_ text: String, first: String = "", rest: String = "", ink: Ink = .plain) -> String {
        let limit = max(min(width ?? TextRenderer.measure, TextRenderer.measure), 20)
        var lines: [String] = []
        var line = ""
        var room = limit - DisplayWidth.of(first)
        for word in text.split(separator: " ") {
            let needed = DisplayWidth.of(word) + (line.isEmpty ? 0 : 1)
            if needed > room, !line.isEmpty {
                lines.append(line)
                line = ""
                room = limit - DisplayWidth.of(rest)
            }
            room -= DisplayWidth.of(word) + (line.isEmpty ? 0 : 1)
            line += (line.isEmpty ? "" : " ") + word
        }
        if !line.isEmpty { lines.append(line) }
        return lines.enumerated().map { ($0 == 0 ? first : rest) + palette.paint($1, ink) + "\n" }.joined()
    }

    static func ink(_ tone: Tone) -> Ink {
        switch tone {
        case .plain: .plain
        case .good: .green
        case .warn: .yellow
        case .bad: .red
        case .quiet: .dim
        }
    }
}
