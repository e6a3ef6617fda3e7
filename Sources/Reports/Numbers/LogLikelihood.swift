/// How much two counts over equal times speak against one common rate.
///
/// Dunning, T. (1993), "Accurate methods for the statistics of surprise and coincidence", Computational Linguistics 19(1):
/// 2 (a ln(a/e) + b ln(b/e)) with e = (a + b)/2. Unlike a percentage it does not make 1 → 3 a greater news than
/// 1,000 → 1,400. Signed: negative where it fell.
enum LogLikelihood {
    /// From which on a change is told: less comes by chance once in a thousand (χ², one degree of freedom).
    static let least = 10.83

    /// - Parameters:
    ///   - now: the later count.
    ///   - before: the earlier one.
    static func signed(now: Int, before: Int) -> Double {
        let a = Double(max(now, 0))
        let b = Double(max(before, 0))
        let expected = (a + b) / 2
        guard expected > 0 else { return 0 }
        let ratio = 2 * (term(a, expected) + term(b, expected))
        return ReportNumber.rounded(a < b ? -ratio : ratio, places: 2)
    }

    private static func term(_ count: Double, _ expected: Double) -> Double {
        count > 0 ? count * naturalLogarithm(count / expected) : 0
    }

    /// ln x of a positive number with + − × ÷ alone, so that it is the same bits on every machine: the exponent, and
    /// 2·artanh((m − 1)/(m + 1)) of the mantissa.
    static func naturalLogarithm(_ x: Double) -> Double {
        guard x > 0, x.isFinite else { return 0 }
        var mantissa = x.significand
        var exponent = Double(x.exponent)
        if mantissa > 1.414_213_562_373_095 {
            mantissa /= 2
            exponent += 1
        }
        let z = (mantissa - 1) / (mantissa + 1)
        let square = z * z
        var power = z
        var sum = 0.0
        for odd in stride(from: 1.0, through: 25, by: 2) {
            sum += power / odd
            power *= square
        }
        return exponent * 0.693_147_180_559_945_3 + 2 * sum
    }
}
