/// Logarithms with + − × ÷ alone, so that the same log gives the same bits on every machine.
enum NaturalLogarithm {
    private static let ofTwo: Float = 0.693_147_18

    /// ln x for a positive number, to six digits: the exponent, and 2·artanh((m − 1)/(m + 1)) of the mantissa.
    static func of(_ x: Float) -> Float {
        guard x > 0, x.isFinite else { return x > 0 ? 88 : -88 }
        var mantissa = x.significand
        var exponent = Float(x.exponent)
        if mantissa > 1.414_213_6 {
            mantissa /= 2
            exponent += 1
        }
        let z = (mantissa - 1) / (mantissa + 1)
        let square = z * z
        let series = 1 + square * (1.0 / 3 + square * (1.0 / 5 + square * (1.0 / 7 + square * (1.0 / 9))))
        return exponent * ofTwo + 2 * z * series
    }
}
