import StrictJSON

/// A value of the policy, made ready for comparing arguments with it.
enum Operand: Sendable {
    case null
    case bool(Bool)
    case number(NumberOperand)
    case text(TextOperand)
    case list([Operand])
    /// Sorted by key.
    case object([(key: [UInt8], value: Operand)])
    case pattern(LinearRegex)

    /// How a value compares.
    enum Comparison {
        case equal
        case different
        /// Of another type.
        case incomparable
    }

    init(_ value: ConditionValue, pattern: LinearRegex? = nil) {
        if let pattern {
            self = .pattern(pattern)
            return
        }
        switch value {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .number(let number): self = .number(NumberOperand(number))
        case .string(let text): self = .text(TextOperand(text))
        case .array(let values): self = .list(values.map { Operand($0) })
        case .object(let members): self = .object(members.map { (Array($0.key.utf8), Operand($0.value)) })
        }
    }

    /// Compares a value: numbers exactly, texts byte for byte, lists in order, objects whatever their order.
    func compare(_ node: JSONNode, in tree: JSONTree) -> Comparison {
        let kind = tree.kind(node)
        switch self {
        case .null:
            return kind == .null ? .equal : .incomparable
        case .bool(let value):
            guard let other = tree.bool(node) else { return .incomparable }
            return value == other ? .equal : .different
        case .number(let number):
            guard kind == .number, let order = number.order(of: node, in: tree) else { return .incomparable }
            return order == 0 ? .equal : .different
        case .text(let text):
            guard kind == .string else { return .incomparable }
            return text.utf8.withUnsafeBytes { tree.equals(node, utf8: $0) } ? .equal : .different
        case .list(let values):
            guard kind == .array else { return .incomparable }
            guard values.count == tree.count(node) else { return .different }
            for (value, element) in zip(values, tree.elements(node))
            where value.compare(element, in: tree) != .equal {
                return .different
            }
            return .equal
        case .object(let members):
            guard kind == .object else { return .incomparable }
            guard members.count == tree.count(node) else { return .different }
            for (key, value) in tree.members(node) {
                let found = members.first { $0.key.withUnsafeBytes { tree.equals(key, utf8: $0) } }
                guard let found, found.value.compare(value, in: tree) == .equal else { return .different }
            }
            return .equal
        case .pattern:
            return .incomparable
        }
    }
}

/// A number to compare with.
final class NumberOperand: Sendable {
    let exact: JSONNumber
    /// The same, where it is a whole number that fits.
    let whole: Int64?

    init(_ number: JSONNumber) {
        exact = number
        whole = number.int64
    }

    /// Below, at or above 0 as the argument is less than, equal to or greater than this number; nil for no number.
    func order(of node: JSONNode, in tree: JSONTree) -> Int? {
        if let whole, let value = tree.shortInteger(node) {
            return value < whole ? -1 : value == whole ? 0 : 1
        }
        guard let number = tree.number(node) else { return nil }
        return number < exact ? -1 : number == exact ? 0 : 1
    }
}

/// A text to compare with, or to look for.
final class TextOperand: Sendable {
    let utf8: [UInt8]
    /// For each prefix, how long its longest border is (Knuth, Morris, Pratt 1977): the search never goes back.
    private let borders: [Int]

    init(_ text: String) {
        utf8 = Array(text.utf8)
        var borders = [Int](repeating: 0, count: utf8.count)
        var length = 0
        for index in utf8.indices.dropFirst() {
            while length > 0, utf8[index] != utf8[length] { length = borders[length - 1] }
            if utf8[index] == utf8[length] { length += 1 }
            borders[index] = length
        }
        self.borders = borders
    }

    func isInside(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard !utf8.isEmpty else { return true }
        guard utf8.count <= text.count else { return false }
        var length = 0
        for byte in text {
            while length > 0, byte != utf8[length] { length = borders[length - 1] }
            if byte == utf8[length] { length += 1 }
            if length == utf8.count { return true }
        }
        return false
    }
}

extension JSONTree {
    /// A number written as an integer of at most 18 digits, nil for any other spelling.
    @inline(__always)
    func shortInteger(_ node: JSONNode) -> Int64? {
        withUnsafeBytes(of: node) { token in
            var at = token.first == UInt8(ascii: "-") ? 1 : 0
            guard token.count - at <= 18, at < token.count else { return nil }
            let isNegative = at == 1
            var value: Int64 = 0
            while at < token.count {
                let digit = token[at] &- UInt8(ascii: "0")
                guard digit < 10 else { return nil }
                value = value * 10 + Int64(digit)
                at += 1
            }
            return isNegative ? -value : value
        }
    }
}
