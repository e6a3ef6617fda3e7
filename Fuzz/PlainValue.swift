import StrictJSON

/// A JSON value as a naive reader has it: keys sorted, texts unescaped, numbers as digits and a power of ten.
enum PlainValue: Equatable {
    case null
    case bool(Bool)
    /// ± the digits × 10^exponent; digits without zeros in front or behind, none for zero.
    case number(isNegative: Bool, digits: [UInt8], exponent: PlainExponent)
    case text([UInt8])
    case list([PlainValue])
    case object([Member])

    struct Member: Equatable {
        var key: [UInt8]
        var value: PlainValue
    }

    init(_ node: JSONNode, in tree: JSONTree) {
        switch tree.kind(node) {
        case .null: self = .null
        case .true: self = .bool(true)
        case .false: self = .bool(false)
        case .number: self = tree.withUnsafeBytes(of: node) { PlainValue(number: Array($0)) }
        case .string: self = .text(PlainValue.text(of: node, in: tree))
        case .array: self = .list(tree.elements(node).map { PlainValue($0, in: tree) })
        case .object:
            let members = tree.members(node).map { key, value in
                Member(key: PlainValue.text(of: key, in: tree), value: PlainValue(value, in: tree))
            }
            self = .object(members.sorted { $0.key.lexicographicallyPrecedes($1.key) })
        }
    }

    private static func text(of node: JSONNode, in tree: JSONTree) -> [UInt8] {
        tree.string(node).map { Array($0.utf8) } ?? []
    }

    /// Reads a number's token.
    private init(number token: [UInt8]) {
        let mark = token.firstIndex { $0 | 0x20 == UInt8(ascii: "e") } ?? token.count
        let mantissa = token[..<mark].filter { $0 != UInt8(ascii: "-") }
        let point = mantissa.firstIndex(of: UInt8(ascii: ".")) ?? mantissa.count
        var digits = mantissa.filter { $0 != UInt8(ascii: ".") }
        let fraction = max(0, mantissa.count - point - 1)
        var dropped = 0
        while digits.last == UInt8(ascii: "0") {
            digits.removeLast()
            dropped += 1
        }
        digits = Array(digits.drop { $0 == UInt8(ascii: "0") })
        guard !digits.isEmpty else {
            self = .number(isNegative: false, digits: [], exponent: PlainExponent(0))
            return
        }
        var exponent = PlainExponent(token[mark...].dropFirst())
        exponent.add(dropped - fraction)
        self = .number(isNegative: token.first == UInt8(ascii: "-"), digits: digits, exponent: exponent)
    }
}

/// A power of ten of any length, as decimal digits: numbers such as `1e99999999999999999999` are JSON.
struct PlainExponent: Equatable {
    private(set) var isNegative = false
    /// Lowest first, without zeros at the end.
    private(set) var digits: [UInt8] = []

    init(_ value: Int) {
        add(value)
    }

    /// Reads what stands behind the `e`.
    init(_ text: ArraySlice<UInt8>) {
        isNegative = text.first == UInt8(ascii: "-")
        digits = text.filter { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: "+") }.map { $0 - 0x30 }.reversed()
        trim()
    }

    /// The exponent as text.
    var text: [UInt8] {
        guard !digits.isEmpty else { return [UInt8(ascii: "0")] }
        return (isNegative ? [UInt8(ascii: "-")] : []) + digits.reversed().map { $0 + 0x30 }
    }

    mutating func add(_ value: Int) {
        for _ in 0..<value.magnitude { step(up: value > 0) }
    }

    private mutating func step(up: Bool) {
        if digits.isEmpty {
            (isNegative, digits) = (!up, [1])
        } else if isNegative == up {
            borrow()
        } else {
            carry()
        }
    }

    private mutating func carry() {
        for place in digits.indices {
            guard digits[place] == 9 else {
                digits[place] += 1
                return
            }
            digits[place] = 0
        }
        digits.append(1)
    }

    private mutating func borrow() {
        for place in digits.indices {
            guard digits[place] == 0 else {
                digits[place] -= 1
                break
            }
            digits[place] = 9
        }
        trim()
    }

    private mutating func trim() {
        while digits.last == 0 { digits.removeLast() }
        if digits.isEmpty { isNegative = false }
    }
}
