/// Seeded random numbers, the same on every machine: integers and the four operations only.
///
/// SplitMix64 (Steele, Lea, Flood 2014). Each actor draws from a stream of its own, so that one more draw here does not
/// change what happens there.
struct Randomness: Sendable {
    private var state: UInt64

    init(seed: UInt64, stream: UInt64) {
        state = seed
        state = next() ^ mixed(stream)
    }

    /// 64 random bits.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return mixed(state)
    }

    /// In [0, 1), 53 bits.
    mutating func unit() -> Double {
        Double(next() >> 11) / Double(UInt64(1) << 53)
    }

    /// In `range`.
    mutating func uniform(_ range: ClosedRange<Double>) -> Double {
        range.lowerBound + unit() * (range.upperBound - range.lowerBound)
    }

    /// In 0..<bound, without bias worth the name.
    mutating func below(_ bound: Int) -> Int {
        Int(next().multipliedFullWidth(by: UInt64(max(1, bound))).high)
    }

    /// True with a probability.
    mutating func chance(_ probability: Double) -> Bool {
        unit() < probability
    }

    /// Standard normal, as the sum of twelve uniforms less six: bounded by six, which suits think times.
    mutating func normal() -> Double {
        var sum = -6.0
        for _ in 0..<12 { sum += unit() }
        return sum
    }

    /// Log-normal with a median and the deviation of its logarithm.
    mutating func logNormal(median: Double, sigma: Double) -> Double {
        median * exponential(sigma * normal())
    }

    /// Poisson: by products below a mean of 30 (Knuth), else by the normal with its variance.
    mutating func poisson(_ mean: Double) -> Int {
        guard mean > 0 else { return 0 }
        if mean > 30 { return max(0, Int(mean + squareRoot(mean) * normal() + 0.5)) }
        let bound = exponential(-mean)
        var product = unit()
        var count = 0
        while product > bound {
            product *= unit()
            count += 1
        }
        return count
    }
}

/// SplitMix64's finalizer: a bijection that spreads every bit.
func mixed(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
}

/// e^x by range reduction and its Taylor series, from + − × ÷ alone: a C library's last bit may differ by machine.
func exponential(_ x: Double) -> Double {
    let bounded = min(max(x, -40), 40)
    let doublings = Int(bounded / 0.693_147_180_559_945_3 + (bounded < 0 ? -0.5 : 0.5))
    let rest = bounded - Double(doublings) * 0.693_147_180_559_945_3
    var sum = 1.0
    for n in stride(from: 16.0, through: 1, by: -1) {
        sum = 1 + rest / n * sum
    }
    return sum * Double(sign: .plus, exponent: doublings, significand: 1)
}

/// The square root by Newton's steps.
private func squareRoot(_ x: Double) -> Double {
    var root = x
    for _ in 0..<24 { root = (root + x / root) / 2 }
    return root
}
