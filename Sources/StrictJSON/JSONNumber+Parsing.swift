extension JSONNumber {
    /// Reads a number token as RFC 8259 §6 defines it, exactly.
    ///
    /// - Parameter token: the number's bytes without anything around them.
    /// - Returns: nil when the bytes are anything but one JSON number.
    public init?(token: UnsafeRawBufferPointer) {
        var at = 0
        func digit() -> UInt8? {
            guard at < token.count else { return nil }
            let value = token[at] &- UInt8(ascii: "0")
            return value < 10 ? value : nil
        }
        let isNegative = token.first == UInt8(ascii: "-")
        if isNegative { at = 1 }

        var digits = SignificantDigits()
        guard let first = digit() else { return nil }
        while let value = digit() {
            digits.appendWhole(value)
            at += 1
            if first == 0 { break }
        }
        if at < token.count, token[at] == UInt8(ascii: ".") {
            at += 1
            guard digit() != nil else { return nil }
            while let value = digit() {
                digits.appendFraction(value)
                at += 1
            }
        }
        var exponent = at..<at
        var exponentIsNegative = false
        if at < token.count, token[at] | 0x20 == UInt8(ascii: "e") {
            at += 1
            if at < token.count, token[at] == UInt8(ascii: "+") || token[at] == UInt8(ascii: "-") {
                exponentIsNegative = token[at] == UInt8(ascii: "-")
                at += 1
            }
            guard digit() != nil else { return nil }
            while digit() == 0 { at += 1 }
            let start = at
            while digit() != nil { at += 1 }
            exponent = start..<at
        }
        guard at == token.count else { return nil }
        guard !digits.isZero else {
            self.init(isNegative: false, significand: 0, scale: 0)
            return
        }
        let (scale, hugeMagnitude) = JSONNumber.scale(
            exponent: token[exponent], isNegative: exponentIsNegative, shift: digits.scale)
        self.init(
            isNegative: isNegative, significand: digits.leftAligned, tail: digits.tail, scale: scale,
            hugeMagnitude: hugeMagnitude)
    }

    /// Adds a token's exponent and the place of its decimal point, without a bound on the exponent.
    ///
    /// - Parameters:
    ///   - exponent: decimal digits without leading zeros; none for 0.
    ///   - shift: at most as large as a document has bytes.
    private static func scale(
        exponent: Slice<UnsafeRawBufferPointer>, isNegative: Bool, shift: Int64
    ) -> (scale: Int64, hugeMagnitude: [UInt8]) {
        let direction: Int64 = isNegative ? -1 : 1
        var sum: Int64
        if exponent.count <= 18 {
            let magnitude = exponent.reduce(0) { $0 * 10 + Int64($1 &- UInt8(ascii: "0")) }
            sum = direction * magnitude + shift
            guard sum.magnitude >= hugeScale.magnitude else { return (sum, []) }
            return (sum < 0 ? .min : .max, decimalDigits(of: sum.magnitude))
        }
        // Too long for an integer: add the shift to the digits from the lowest on. It cannot change the sign.
        var digits = exponent.map { $0 &- UInt8(ascii: "0") }
        var carry = direction * shift
        var place = digits.count - 1
        while carry != 0, place >= 0 {
            let value = Int64(digits[place]) + carry
            let low = (value % 10 + 10) % 10
            digits[place] = UInt8(low)
            carry = (value - low) / 10
            place -= 1
        }
        if carry > 0 { digits = decimalDigits(of: carry.magnitude) + digits }
        digits = Array(digits.drop { $0 == 0 })
        guard digits.count <= 18 else { return (isNegative ? .min : .max, digits) }
        sum = direction * digits.reduce(0) { $0 * 10 + Int64($1) }
        return (sum, [])
    }

    private static func decimalDigits(of value: UInt64) -> [UInt8] {
        var digits: [UInt8] = []
        var rest = value
        while rest != 0 {
            digits.append(UInt8(rest % 10))
            rest /= 10
        }
        return digits.reversed()
    }
}

/// Collects a number's digits without leading and trailing zeros.
private struct SignificantDigits {
    private(set) var scale: Int64 = 0
    private(set) var tail: [UInt8] = []
    private var significand: UInt64 = 0
    private var kept = 0
    private var zerosAfterTail = 0

    var isZero: Bool { kept == 0 }
    var leftAligned: UInt64 { significand * JSONNumber.powerOfTen(JSONNumber.keptDigits - kept) }

    mutating func appendWhole(_ digit: UInt8) {
        guard kept > 0 || digit != 0 else { return }
        scale += 1
        append(digit)
    }

    mutating func appendFraction(_ digit: UInt8) {
        guard kept > 0 || digit != 0 else {
            scale -= 1
            return
        }
        append(digit)
    }

    private mutating func append(_ digit: UInt8) {
        if kept < JSONNumber.keptDigits {
            significand = significand * 10 + UInt64(digit)
            kept += 1
        } else if digit == 0 {
            zerosAfterTail += 1
        } else {
            tail.append(contentsOf: repeatElement(0, count: zerosAfterTail))
            tail.append(digit)
            zerosAfterTail = 0
        }
    }
}
