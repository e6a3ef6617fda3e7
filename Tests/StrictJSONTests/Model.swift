/// A JSON value the way a person would write one down: the oracle that trees are compared with.
indirect enum Model: Equatable {
    case null
    case bool(Bool)
    /// The number's exact value, see ``Decimal``.
    case number(Decimal)
    case string([UInt8])
    case array([Model])
    case object([Member])

    struct Member: Equatable {
        var key: [UInt8]
        var value: Model
    }

    /// ± digits × 10^exponent, in lowest terms: no zeros at either end; zero has no digits.
    struct Decimal: Equatable {
        var isNegative = false
        var digits: [UInt8] = []
        var exponent = 0
    }

    /// The same value with every object's members sorted by key, so that `==` ignores their order.
    var sorted: Model {
        switch self {
        case .array(let elements): .array(elements.map(\.sorted))
        case .object(let members):
            .object(
                members.map { Member(key: $0.key, value: $0.value.sorted) }
                    .sorted { $0.key.lexicographicallyPrecedes($1.key) })
        default: self
        }
    }

    /// Whether some object has one key twice.
    var hasDuplicateKeys: Bool {
        switch self {
        case .array(let elements): elements.contains(where: \.hasDuplicateKeys)
        case .object(let members):
            Set(members.map(\.key)).count < members.count || members.contains { $0.value.hasDuplicateKeys }
        default: false
        }
    }

    /// How many containers are open at once at the deepest place.
    var depth: Int {
        switch self {
        case .array(let elements): 1 + (elements.map(\.depth).max() ?? 0)
        case .object(let members): 1 + (members.map(\.value.depth).max() ?? 0)
        default: 0
        }
    }
}

extension Model.Decimal {
    /// Takes zeros off both ends.
    init(isNegative: Bool, anyDigits: [UInt8], exponent: Int) {
        var digits = Array(anyDigits.drop { $0 == 0 })
        var exponent = exponent
        while digits.last == 0 {
            digits.removeLast()
            exponent += 1
        }
        self = digits.isEmpty ? .init() : .init(isNegative: isNegative, digits: digits, exponent: exponent)
    }
}
