/// A row of numbers as a row of bars, one cell each.
public enum Sparkline {
    private static let bars: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

    /// Bars from the smallest to `maximum`, by default the row's own; a zero is a dot, so that a silent day is not a quiet one.
    public static func of(_ values: [Int], maximum: Int? = nil) -> String {
        let top = max(maximum ?? values.max() ?? 0, 1)
        return String(
            values.map { value in
                guard value > 0 else { return "·" }
                return bars[min((value * bars.count - 1) / top, bars.count - 1)]
            })
    }
}
