/// An exact decimal number of any size and precision.
///
/// Compares and hashes by mathematical value: `1`, `1.0` and `10e-1` are equal, 2^53 + 1 and 2^53 are not. Comparing
/// never expands an exponent, so `1e999999999` costs what `1` does.
///
/// The value is ± 0.d₁d₂d₃… × 10^scale with d₁ ≠ 0, which makes the form of each value unique.
public struct JSONNumber: Hashable, Sendable {
    /// How many digits `significand` holds.
    static let keptDigits = 19
    /// Scales of at least this magnitude are kept as decimal digits in `hugeScale`.
    static let hugeScale: Int64 = 1_000_000_000_000_000_000

    /// Whether the value is below zero; never for zero itself.
    public let isNegative: Bool
    /// d₁ to d₁₉ as one integer, filled up with zeros; 0 only for zero.
    let significand: UInt64
    /// d₂₀ and following as values 0 to 9, without trailing zeros.
    let tail: [UInt8]
    /// The power of ten, or the extreme values of its type where it is in `hugeMagnitude`.
    let scale: Int64
    /// Digits of the scale's magnitude, highest first, when it is at least ``hugeScale``; else empty.
    let hugeMagnitude: [UInt8]

    init(isNegative: Bool, significand: UInt64, tail: [UInt8] = [], scale: Int64, hugeMagnitude: [UInt8] = []) {
        self.isNegative = isNegative
        self.significand = significand
        self.tail = tail
        self.scale = scale
        self.hugeMagnitude = hugeMagnitude
    }

    /// Makes a number from an integer.
    public init(_ value: Int64) {
        var significand = value.magnitude
        guard significand != 0 else {
            self.init(isNegative: false, significand: 0, scale: 0)
            return
        }
        var scale = Int64(JSONNumber.keptDigits)
        while significand < JSONNumber.powerOfTen(JSONNumber.keptDigits - 1) {
            significand *= 10
            scale -= 1
        }
        self.init(isNegative: value < 0, significand: significand, scale: scale)
    }

    /// Whether the value has no fractional part; true for `1.0` and `1e3`.
    public var isInteger: Bool {
        guard significand != 0 else { return true }
        let digits = tail.isEmpty ? significantKeptDigits : JSONNumber.keptDigits + tail.count
        return scale >= Int64(digits)
    }

    /// The value as a 64-bit integer when it is integral and in range: 1 for `1.0`, 1000 for `1e3`.
    public var int64: Int64? {
        guard significand != 0 else { return 0 }
        guard tail.isEmpty, scale > 0, scale <= Int64(JSONNumber.keptDigits) else { return nil }
        let divisor = JSONNumber.powerOfTen(JSONNumber.keptDigits - Int(scale))
        let (magnitude, rest) = significand.quotientAndRemainder(dividingBy: divisor)
        guard rest == 0 else { return nil }
        if isNegative { return magnitude <= Int64.min.magnitude ? Int64(truncatingIfNeeded: 0 &- magnitude) : nil }
        return Int64(exactly: magnitude)
    }

    /// How many of the 19 kept digits are left without trailing zeros.
    private var significantKeptDigits: Int {
        var rest = significand
        var digits = JSONNumber.keptDigits
        while rest != 0, rest.isMultiple(of: 10) {
            rest /= 10
            digits -= 1
        }
        return digits
    }

    static func powerOfTen(_ exponent: Int) -> UInt64 {
        var power: UInt64 = 1
        for _ in 0..<exponent { power *= 10 }
        return power
    }
}

extension JSONNumber: Comparable {
    /// Whether the first number is mathematically less than the second.
    public static func < (left: JSONNumber, right: JSONNumber) -> Bool {
        guard left.isNegative == right.isNegative else { return left.isNegative }
        return left.isNegative ? right.isMagnitudeLess(than: left) : left.isMagnitudeLess(than: right)
    }

    private func isMagnitudeLess(than other: JSONNumber) -> Bool {
        guard significand != 0, other.significand != 0 else { return significand < other.significand }
        guard scale == other.scale else { return scale < other.scale }
        if hugeMagnitude != other.hugeMagnitude {
            let isCloser =
                hugeMagnitude.count == other.hugeMagnitude.count
                ? hugeMagnitude.lexicographicallyPrecedes(other.hugeMagnitude)
                : hugeMagnitude.count < other.hugeMagnitude.count
            return (scale > 0) == isCloser
        }
        guard significand == other.significand else { return significand < other.significand }
        return tail.lexicographicallyPrecedes(other.tail)
    }
}

extension JSONNumber: CustomStringConvertible {
    /// The canonical form, itself a JSON number: `1000` for `1e3`, `0.15e1` for `1.50`.
    public var description: String {
        var bytes: [UInt8] = []
        appendCanonical(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends the one spelling that every number of this value shares.
    ///
    /// Integers of up to 19 digits are written as such, all others as `0.` digits `e` exponent, so that equal values
    /// give equal bytes and different values different ones.
    func appendCanonical(to buffer: inout [UInt8]) {
        guard significand != 0 else { return buffer.append(UInt8(ascii: "0")) }
        if isNegative { buffer.append(UInt8(ascii: "-")) }
        if tail.isEmpty, scale > 0, scale <= Int64(JSONNumber.keptDigits) {
            let divisor = JSONNumber.powerOfTen(JSONNumber.keptDigits - Int(scale))
            if significand.isMultiple(of: divisor) {
                return JSONNumber.appendDigits(of: significand / divisor, to: &buffer)
            }
        }
        buffer.append(UInt8(ascii: "0"))
        buffer.append(UInt8(ascii: "."))
        if tail.isEmpty {
            let zeros = JSONNumber.keptDigits - significantKeptDigits
            JSONNumber.appendDigits(of: significand / JSONNumber.powerOfTen(zeros), to: &buffer)
        } else {
            JSONNumber.appendDigits(of: significand, to: &buffer)
            for digit in tail { buffer.append(UInt8(ascii: "0") + digit) }
        }
        buffer.append(UInt8(ascii: "e"))
        if scale < 0 { buffer.append(UInt8(ascii: "-")) }
        if hugeMagnitude.isEmpty {
            JSONNumber.appendDigits(of: scale.magnitude, to: &buffer)
        } else {
            for digit in hugeMagnitude { buffer.append(UInt8(ascii: "0") + digit) }
        }
    }

    private static func appendDigits(of value: UInt64, to buffer: inout [UInt8]) {
        let first = buffer.count
        var rest = value
        repeat {
            buffer.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest != 0
        buffer[first...].reverse()
    }
}
