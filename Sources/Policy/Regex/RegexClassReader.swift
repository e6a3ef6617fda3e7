/// Reads `[…]`: ranges, escapes, POSIX names, negation.
struct RegexClassReader {
    private(set) var input: RegexInput
    private let foldsCase: Bool

    /// - Parameter input: stands behind the opening bracket.
    init(input: RegexInput, foldsCase: Bool) {
        self.input = input
        self.foldsCase = foldsCase
    }

    mutating func read(openedAt offset: Int) throws(RegexError) -> ScalarSet {
        let isNegated = input.take("^")
        var set = ScalarSet([])
        var isFirst = true
        while true {
            let start = input.offset
            guard let scalar = input.peek else { throw RegexError("this [ is never closed", at: offset) }
            if scalar == "]", !isFirst {
                _ = input.next()
                break
            }
            isFirst = false
            if scalar == "[", input.second == ":" {
                set = set.union(try posix(at: start))
                continue
            }
            switch try element(at: start) {
            case .set(let other): set = set.union(other)
            case .scalar(let lower): set = set.union(try range(from: lower, at: start))
            }
        }
        if foldsCase { set = set.foldingCase }
        return isNegated ? set.inverted : set
    }

    private mutating func element(at start: Int) throws(RegexError) -> RegexInput.Escape {
        guard let scalar = input.next() else { throw RegexError("a class ends early", at: start) }
        return scalar == "\\" ? try input.escape(at: start) : .scalar(scalar)
    }

    private mutating func range(from lower: Unicode.Scalar, at start: Int) throws(RegexError) -> ScalarSet {
        guard input.peek == "-", let second = input.second, second != "]" else { return ScalarSet(lower) }
        _ = input.next()
        guard case .scalar(let upper) = try element(at: input.offset), lower.value <= upper.value else {
            throw RegexError("a range of a class is reversed or ends in a class", at: start)
        }
        return ScalarSet([lower.value...upper.value])
    }

    private mutating func posix(at start: Int) throws(RegexError) -> ScalarSet {
        _ = input.next()
        _ = input.next()
        let isNegated = input.take("^")
        var name = ""
        while let scalar = input.next(), scalar != ":" { name.unicodeScalars.append(scalar) }
        guard input.take("]"), let set = RegexClassReader.posixClasses[name] else {
            throw RegexError("unknown class name [:…:]", at: start)
        }
        return isNegated ? set.inverted : set
    }

    private static let posixClasses: [String: ScalarSet] = [
        "alnum": ScalarSet([0x30...0x39, 0x41...0x5A, 0x61...0x7A]),
        "alpha": ScalarSet([0x41...0x5A, 0x61...0x7A]),
        "ascii": ScalarSet([0...0x7F]),
        "blank": ScalarSet([0x09...0x09, 0x20...0x20]),
        "cntrl": ScalarSet([0...0x1F, 0x7F...0x7F]),
        "digit": .digits,
        "graph": ScalarSet([0x21...0x7E]),
        "lower": ScalarSet([0x61...0x7A]),
        "print": ScalarSet([0x20...0x7E]),
        "punct": ScalarSet([0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E]),
        "space": ScalarSet([0x09...0x0D, 0x20...0x20]),
        "upper": ScalarSet([0x41...0x5A]),
        "word": .word,
        "xdigit": ScalarSet([0x30...0x39, 0x41...0x46, 0x61...0x66]),
    ]
}
