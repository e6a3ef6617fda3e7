import Terminal

/// A value axis from zero, with ticks at round numbers.
struct Scale: Equatable {
    /// The axis's end: the first tick at or above the largest value.
    let top: Double
    /// The ticks, zero first.
    let ticks: [Double]

    /// Chooses steps of 1, 2 or 5 times a power of ten so that there are at most `most` above zero.
    ///
    /// Counts stay whole.
    init(maximum: Double, most: Int = 4) {
        let wanted = max(maximum, 1) / Double(max(most, 1))
        var power = 1.0
        while power * 10 <= wanted { power *= 10 }
        let step = [1.0, 2, 5, 10].map { $0 * power }.first { $0 >= wanted } ?? 10 * power
        let count = max(Int((max(maximum, 1) / step).rounded(.up)), 1)
        ticks = (0...count).map { Double($0) * step }
        top = Double(count) * step
    }

    /// `1,500`, `20k`, `3M`.
    func label(_ value: Double) -> String {
        Scale.label(value, asIn: top)
    }

    /// A number in the form that suits the largest beside it.
    static func label(_ value: Double, asIn top: Double? = nil) -> String {
        switch top ?? value {
        case _ where value == 0: "0"
        case 10_000_000...: "\(Words.decimal(value / 1e6, places: 0))M"
        case 10_000...: "\(Words.decimal(value / 1e3, places: 0))k"
        default: Words.count(Int(value))
        }
    }
}
