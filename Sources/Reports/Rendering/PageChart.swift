/// A chart by itself, for pages that show something besides a report.
package enum PageChart {
    /// One of the things that are stacked.
    package struct Layer: Sendable {
        /// What it is, in the legend.
        package var name: String
        /// How it looks.
        package var tone: Tone
        /// One count for each bar.
        package var values: [Int]

        /// Makes a layer.
        package init(_ name: String, _ tone: Tone, _ values: [Int]) {
            self.name = name
            self.tone = tone
            self.values = values
        }
    }

    /// Bars over time, each a stack.
    ///
    /// - Parameters:
    ///   - unit: what is counted, with the bar's width: `calls per minute`.
    ///   - labels: one for each bar; empty ones are not written.
    ///   - layers: what is stacked, the lowest first.
    ///   - mark: a line across, such as a limit.
    ///   - alternative: what the chart shows, in a sentence.
    package static func bars(
        unit: String, labels: [String], layers: [Layer], mark: (value: Double, label: String)? = nil,
        alternative: String
    ) -> HTML {
        var bars = Chart.Bars(
            labels: labels, titles: labels,
            layers: layers.map { .init(name: $0.name, tone: $0.tone, values: $0.values) },
            unit: unit)
        bars.mark = mark
        bars.hasTitles = false
        let seen = layers.filter { $0.values.contains { $0 > 0 } }
        let keys = seen.map { layer -> HTML in
            "<span class=\"key\"><i class=\"k-\(layer.tone.rawValue)\"></i>\(layer.name)</span>"
        }
        let legend = seen.count > 1 ? HTML.joined(keys) : ""
        return """
            <figure><div class="scroll" tabindex="0">\(BarChart(bars: bars).html(alternative: alternative))</div>\
            <figcaption class="alt">\(legend)\(alternative)</figcaption></figure>

            """
    }
}
