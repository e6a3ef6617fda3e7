/// A chart before it is drawn: numbers, labels, a unit, and the sentence that says the same in words.
struct Chart: Sendable {
    enum Kind: Sendable {
        case bars(Bars)
        case heat(Heat)
    }

    /// Bars over time, each a stack.
    struct Bars: Sendable {
        struct Layer: Sendable {
            var name: String
            var tone: Tone
            var values: [Int]
        }

        /// One label per bar; empty ones are not written.
        var labels: [String]
        /// What each bar is, for its tooltip.
        var titles: [String]
        var layers: [Layer]
        /// What is counted, with the bar's width: `calls per minute`.
        var unit: String
        /// What each bar usually is, behind it.
        struct Band: Sendable {
            var name: String
            var low: [Int]
            var high: [Int]
        }

        /// A band behind the bars.
        var band: Band?
        /// A line across: a limit, a usual rate.
        var mark: (value: Double, label: String)?
        /// Whether each bar has a tooltip.
        var hasTitles = true
        /// Cells of height, in the chart's own units.
        var height = 150.0
    }

    /// A grid of shades.
    struct Heat: Sendable {
        struct Row: Sendable {
            var label: Prose
            var values: [Int]
            /// Written after the row, its sum.
            var note: String
        }

        var columns: [String]
        var rows: [Row]
        /// What is counted.
        var unit: String
        /// Whether each cell shows its number.
        var writesNumbers: Bool
        var tone: Tone = .plain
    }

    var kind: Kind
    /// What is to be seen, for those who do not see it.
    var alternative: Prose
    var query: String?
}
