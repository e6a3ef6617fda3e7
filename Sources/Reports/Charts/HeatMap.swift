import Terminal

/// A grid of shades with headings, sums and a legend; each cell says its number in its tooltip, and where asked, in itself.
struct HeatMap {
    private static let width = 720.0
    private static let shades = 6
    private static let head = 18.0
    private static let legend = 26.0
    /// A letter of a name is narrower than a digit, for which `SVG.width` leaves room.
    private static let letter = 5.9

    let heat: Chart.Heat

    func html(alternative: String) -> HTML {
        let top = heat.rows.flatMap(\.values).max() ?? 0
        let label = min(max((heat.rows.map { HeatMap.width(of: $0.label.plain) }.max() ?? 0) + 12, 34), 310)
        let note = (heat.rows.map { SVG.width(of: $0.note) }.max() ?? 0) + 10
        let cell = (HeatMap.width - label - note) / Double(max(heat.columns.count, 1))
        let row = min(max(cell * 0.9, 20), 24)
        let height = HeatMap.head + row * Double(heat.rows.count) + HeatMap.legend
        var svg = SVG(width: HeatMap.width, height: height)
        headings(&svg, label: label, cell: cell, note: note)
        for (index, line) in heat.rows.enumerated() {
            let y = HeatMap.head + row * Double(index)
            svg.text(HeatMap.cut(line.label.plain, to: label - 8), x: 0, y: y + row / 2 + 4, name: "hl")
            for (column, value) in line.values.enumerated() {
                let shade = HeatMap.shade(value, of: top)
                let x = label + cell * Double(column)
                svg.rectangle(
                    .init(x: x + 1, y: y + 1, width: cell - 2, height: row - 2), name: "\(tone)\(shade)",
                    // The row's name stands before it; in every cell it would be most of the page.
                    title: value > 0 && !heat.writesNumbers
                        ? "\(line.label.plain) \(heat.columns[column]): \(Words.count(value))" : "")
                guard heat.writesNumbers, value > 0 else { continue }
                let name = shade > 3 ? "hi" : "lo"
                svg.text(Scale.label(Double(value)), x: x + cell / 2, y: y + row / 2 + 4, anchor: .middle, name: name)
            }
            svg.text(line.note, x: HeatMap.width, y: y + row / 2 + 4, anchor: .end)
        }
        legend(&svg, top: top, y: height - 14)
        return svg.html(alternative: alternative, name: "ch")
    }

    private var tone: String { heat.tone == .bad ? "r" : "h" }

    private func headings(_ svg: inout SVG, label: Double, cell: Double, note: Double) {
        let widest = (heat.columns.map { SVG.width(of: $0) }.max() ?? 0) + 6
        let every = max(Int((widest / cell).rounded(.up)), 1)
        for index in stride(from: 0, to: heat.columns.count, by: every) {
            svg.text(heat.columns[index], x: label + cell * (Double(index) + 0.5), y: 12, anchor: .middle)
        }
        svg.text("sum", x: HeatMap.width, y: 12, anchor: .end)
    }

    private func legend(_ svg: inout SVG, top: Int, y: Double) {
        guard top > 0 else { return }
        let text = "\(Words.count(top)) \(heat.unit)"
        let end = HeatMap.width - SVG.width(of: text) - 6
        for shade in 0..<HeatMap.shades {
            let x = end - Double(HeatMap.shades - shade) * 16
            svg.rectangle(.init(x: x, y: y, width: 14, height: 10), name: "\(tone)\(shade)")
        }
        svg.text("0", x: end - Double(HeatMap.shades) * 16 - 6, y: y + 9, anchor: .end)
        svg.text(text, x: HeatMap.width, y: y + 9, anchor: .end)
    }

    /// 0 for none, 1–5 by the square root of the share: a few very high cells must not wash out all others.
    private static func shade(_ value: Int, of top: Int) -> Int {
        guard value > 0, top > 0 else { return 0 }
        return min(max(Int((Double(value) / Double(top)).squareRoot() * 5 + 0.999), 1), 5)
    }

    private static func width(of text: String) -> Double {
        Double(DisplayWidth.of(text)) * letter
    }

    private static func cut(_ text: String, to units: Double) -> String {
        DisplayWidth.truncate(text, to: max(Int(units / HeatMap.letter), 4))
    }
}
