/// A share of a count with the interval in which the true share lies 19 times out of 20.
///
/// Wilson, E. B. (1927), "Probable inference, the law of succession, and statistical inference", JASA 22: unlike the usual
/// formula it stays within 0–1 and is right for small counts and rare events.
struct ShareInterval: Sendable, Equatable, Encodable {
    let share: Double
    let low: Double
    let high: Double

    /// Nil where there is nothing to take a share of.
    init?(_ part: Int, of whole: Int) {
        guard whole > 0 else { return nil }
        let z = 1.959_963_984_540_054
        let n = Double(whole)
        let p = Double(min(max(part, 0), whole)) / n
        let centre = (p + z * z / (2 * n)) / (1 + z * z / n)
        let half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
        share = ReportNumber.rounded(p)
        low = ReportNumber.rounded(max(centre - half, 0))
        high = ReportNumber.rounded(min(centre + half, 1))
    }
}

/// Fractions as reports carry them.
enum ReportNumber {
    /// Six decimals: the same text on every machine, and more than anybody reads.
    static func rounded(_ value: Double) -> Double { rounded(value, places: 6) }

    static func rounded(_ value: Double, places: Int) -> Double {
        let scale = (0..<places).reduce(1.0) { scale, _ in scale * 10 }
        return (value * scale).rounded(.toNearestOrAwayFromZero) / scale
    }

    static func median(_ values: [Int]) -> Int? {
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }
}
