/// A pattern's scalars with their byte offsets, and the tokens that are alike inside and outside of classes.
struct RegexInput {
    private var scalars: [Unicode.Scalar]
    private var at = 0
    /// The byte offset of the next scalar.
    private(set) var offset = 0

    init(_ pattern: String) {
        scalars = Array(pattern.unicodeScalars)
    }

    var isAtEnd: Bool { at == scalars.count }
    var peek: Unicode.Scalar? { at < scalars.count ? scalars[at] : nil }
    /// The scalar after the next one.
    var second: Unicode.Scalar? { at + 1 < scalars.count ? scalars[at + 1] : nil }

    mutating func next() -> Unicode.Scalar? {
        guard at < scalars.count else { return nil }
        offset += UTF8.width(scalars[at])
        at += 1
        return scalars[at - 1]
    }

    mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard peek == scalar else { return false }
        _ = next()
        return true
    }

    /// Takes a name of letters, digits and `_` and what ends it.
    mutating func takeName(endingWith end: Unicode.Scalar) -> Bool {
        var length = 0
        while let scalar = next() {
            if scalar == end { return length > 0 }
            guard ScalarSet.word.contains(scalar.value) else { return false }
            length += 1
        }
        return false
    }

    /// What an escape stands for.
    enum Escape {
        case scalar(Unicode.Scalar)
        case set(ScalarSet)
    }

    /// Reads what follows a backslash.
    mutating func escape(at start: Int) throws(RegexError) -> Escape {
        guard let scalar = next() else { throw RegexError("a backslash at the end", at: start) }
        switch scalar {
        case "d": return .set(.digits)
        case "D": return .set(ScalarSet.digits.inverted)
        case "w": return .set(.word)
        case "W": return .set(ScalarSet.word.inverted)
        case "s": return .set(.space)
        case "S": return .set(ScalarSet.space.inverted)
        case "a": return .scalar("\u{07}")
        case "f": return .scalar("\u{0C}")
        case "n": return .scalar("\n")
        case "r": return .scalar("\r")
        case "t": return .scalar("\t")
        case "v": return .scalar("\u{0B}")
        case "x": return .scalar(try hexadecimal(at: start))
        case "1"..."9", "k", "g": throw RegexError("back-references are not supported", at: start)
        case "0": throw RegexError("octal escapes are not supported: write \\x00", at: start)
        case "p", "P": throw RegexError("Unicode classes are not supported: list the ranges", at: start)
        case "b", "B", "A", "z", "Z": throw RegexError("\\\(scalar) has no meaning here", at: start)
        default:
            let isWord = ScalarSet.word.contains(scalar.value)
            guard scalar.isASCII, !isWord || scalar == "_" else {
                throw RegexError("unknown escape \\\(scalar)", at: start)
            }
            return .scalar(scalar)
        }
    }

    /// Reads `HH` or `{H…}`.
    private mutating func hexadecimal(at start: Int) throws(RegexError) -> Unicode.Scalar {
        var digits = ""
        if take("{") {
            while let scalar = peek, scalar != "}", digits.utf8.count < 8 {
                digits.unicodeScalars.append(scalar)
                _ = next()
            }
            guard take("}") else { throw RegexError("this \\x{ is never closed", at: start) }
        } else {
            for _ in 0..<2 {
                if let scalar = next() { digits.unicodeScalars.append(scalar) }
            }
            guard digits.unicodeScalars.count == 2 else { throw RegexError("\\x needs two digits", at: start) }
        }
        guard digits.utf8.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let value = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(value)
        else { throw RegexError("\\x names no Unicode scalar", at: start) }
        return scalar
    }

    /// Whether `{n}`, `{n,}` or `{n,m}` begins at the given byte offset, which is this scalar's or the one before;
    /// otherwise the brace is a literal.
    func isRepetition(from start: Int) -> Bool {
        repetitionBounds(startingAt: start == offset ? at : at - 1) != nil
    }

    /// The bounds of the repetition that begins here.
    func repetition(at start: Int) throws(RegexError) -> (Int, Int?) {
        guard let found = repetitionBounds(startingAt: at) else { throw RegexError("bad repetition", at: start) }
        return (found.minimum, found.maximum)
    }

    /// Moves past the repetition that begins here.
    mutating func skipRepetition() {
        while let scalar = next(), scalar != "}" {}
    }

    private func repetitionBounds(startingAt start: Int) -> (minimum: Int, maximum: Int?)? {
        var index = start
        func number() -> Int? {
            var value: Int?
            while index < scalars.count, ScalarSet.digits.contains(scalars[index].value) {
                value = min((value ?? 0) * 10 + Int(scalars[index].value - 0x30), 1_000_000)
                index += 1
            }
            return value
        }
        guard index < scalars.count, scalars[index] == "{" else { return nil }
        index += 1
        guard let minimum = number(), index < scalars.count else { return nil }
        if scalars[index] == "}" { return (minimum, minimum) }
        guard scalars[index] == "," else { return nil }
        index += 1
        let maximum = number()
        guard index < scalars.count, scalars[index] == "}" else { return nil }
        return (minimum, maximum)
    }
}
