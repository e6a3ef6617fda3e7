import Terminal

/// Stacked bars over time: a value axis with its unit, labels that keep their distance, a tooltip per bar.
struct BarChart {
    private static let width = 720.0
    private static let right = 8.0
    private static let above = 36.0
    /// Room for labels below the axis's zero, on a phone too.
    private static let below = 29.0
    /// Bars up to which each has a tooltip; more become one path per layer, which keeps the page small.
    private static let mostTitles = 31

    let bars: Chart.Bars

    func html(alternative: String) -> HTML {
        let totals = bars.labels.indices.map { index in bars.layers.reduce(0) { $0 + $1.values[index] } }
        let highest = max(totals.max() ?? 0, bars.band?.high.max() ?? 0)
        let scale = Scale(
            maximum: max(Double(highest), bars.mark?.value ?? 0), most: bars.height < 120 ? 2 : 4)
        let left = (scale.ticks.map { BarChart.width(of: scale.label($0)) }.max() ?? 0) + 10
        let plot = (left: left, width: BarChart.width - left - BarChart.right, height: bars.height)
        var svg = SVG(width: BarChart.width, height: BarChart.above + bars.height + BarChart.below)
        func y(_ value: Double) -> Double { BarChart.above + plot.height * (1 - value / scale.top) }
        svg.text(bars.unit, x: 0, y: 15, name: "u")
        for tick in scale.ticks {
            svg.line(x1: plot.left, y1: y(tick), x2: plot.left + plot.width, y2: y(tick), name: tick == 0 ? "ax" : "gr")
            svg.text(scale.label(tick), x: plot.left - 6, y: y(tick) + 4, anchor: .end)
        }
        let slot = plot.width / Double(max(bars.labels.count, 1))
        let gap = min(slot * 0.28, 14)
        band(&svg, y: y, left: plot.left, slot: slot)
        var bases = [Double](repeating: 0, count: totals.count)
        for layer in bars.layers {
            var stripes: [SVG.Box] = []
            for index in totals.indices where layer.values[index] > 0 {
                let next = bases[index] + Double(layer.values[index])
                let box = SVG.Box(
                    x: plot.left + slot * Double(index) + gap / 2, y: y(next), width: max(slot - gap, 0.8),
                    height: y(bases[index]) - y(next))
                bases[index] = next
                if bars.hasTitles, totals.count <= BarChart.mostTitles {
                    svg.rectangle(box, name: "t-\(layer.tone.rawValue)", title: title(index, layer))
                } else {
                    stripes.append(box)
                }
            }
            svg.boxes(stripes, name: "t-\(layer.tone.rawValue)")
        }
        mark(&svg, y: y, from: plot.left, to: plot.left + plot.width)
        labels(&svg, left: plot.left, slot: slot)
        return svg.html(alternative: alternative, name: "ch b")
    }

    /// Room for a text also on a phone, where the page sets it 19 px large instead of 11 so that it can be read there.
    private static func width(of text: String) -> Double {
        SVG.width(of: text) * 1.55
    }

    private func title(_ index: Int, _ layer: Chart.Bars.Layer) -> String {
        "\(bars.titles[index]): \(Words.count(layer.values[index])) \(layer.name)"
    }

    /// What each bar usually is: a light box from its least to its most.
    private func band(_ svg: inout SVG, y: (Double) -> Double, left: Double, slot: Double) {
        guard let band = bars.band else { return }
        let boxes = zip(band.low, band.high).enumerated().filter { $0.element.1 > 0 }.map { index, usual in
            SVG.Box(
                x: left + slot * Double(index), y: y(Double(usual.1)), width: slot,
                height: max(y(Double(usual.0)) - y(Double(usual.1)), 1))
        }
        svg.boxes(boxes, name: "bd")
    }

    private func mark(_ svg: inout SVG, y: (Double) -> Double, from: Double, to: Double) {
        guard let mark = bars.mark else { return }
        svg.line(x1: from, y1: y(mark.value), x2: to, y2: y(mark.value), name: "mk")
        svg.text(mark.label, x: to, y: 15, anchor: .end, name: "mkl")
    }

    /// Each label under the middle of its bar, unless it would touch the one before or stand out of the drawing.
    private func labels(_ svg: inout SVG, left: Double, slot: Double) {
        var free = 0.0
        for (index, label) in bars.labels.enumerated() where !label.isEmpty {
            let middle = left + slot * (Double(index) + 0.5)
            let half = BarChart.width(of: label) / 2
            // Not below the axis' own labels, which stand left of the first bar.
            let x = min(max(middle, left + half), BarChart.width - half)
            guard x - half >= free else { continue }
            svg.text(label, x: x, y: BarChart.above + bars.height + 23, anchor: .middle)
            free = x + half + 8
        }
    }
}
