import Terminal

/// A figure beside the same figure a week before.
struct Change: Sendable, Equatable {
    /// The base below which a percentage says nothing.
    static let smallestBase = 20

    var now: Int
    var before: Int?

    /// `+12 % on last week (1,100)`; only the figures on a base below 20; nothing without a last week.
    var words: String {
        guard let before else { return "no earlier week" }
        guard before >= Change.smallestBase else { return "last week \(Words.count(before))" }
        return "\(percent(before)) on last week (\(Words.count(before)))"
    }

    /// `+12 %`, `±0 %`, or on a small base the difference, `+7`; empty without a last week.
    var short: String {
        guard let before else { return "" }
        guard before >= Change.smallestBase else {
            let difference = now - before
            return difference > 0 ? "+\(Words.count(difference))" : difference < 0 ? Words.count(difference) : "±0"
        }
        return percent(before)
    }

    private func percent(_ before: Int) -> String {
        let share = Double(now - before) / Double(before) * 100
        let rounded = Words.decimal(share, places: 0)
        return rounded == "0" ? "±0 %" : share > 0 ? "+\(rounded) %" : "\(rounded) %"
    }
}
