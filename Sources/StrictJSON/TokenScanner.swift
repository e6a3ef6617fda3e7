/// Reads one token at a time and checks it; offsets are bytes.
///
/// Works on a bare pointer because it touches every byte of every message; each read comes behind a comparison with
/// `end`.
struct TokenScanner {
    let base: UnsafePointer<UInt8>
    let end: Int
    var at: Int

    /// Moves to the next byte that is none of the four of RFC 8259 §2.
    @inline(__always)
    mutating func skipWhiteSpace() {
        while at < end {
            let byte = base[at]
            guard byte <= 0x20 else { return }
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
            at &+= 1
        }
    }

    /// Reads `null`, `true` or `false`, or says what stands there instead.
    mutating func literal(next: Int, first: Bool) throws(JSONError) -> Node {
        switch base[at] {
        case UInt8(ascii: "n"): return try word("null", .null, next: next)
        case UInt8(ascii: "t"): return try word("true", .true, next: next)
        case UInt8(ascii: "f"): return try word("false", .false, next: next)
        case 0xEF where first && at == 0 && end >= 3 && base[1] == 0xBB && base[2] == 0xBF:
            throw JSONError(.byteOrderMark, at: 0)
        default:
            throw JSONError(.expectedValue, at: at)
        }
    }

    private mutating func word(_ text: StaticString, _ kind: JSONKind, next: Int) throws(JSONError) -> Node {
        let start = at
        for index in 0..<text.utf8CodeUnitCount {
            guard at < end else { throw JSONError(.truncated, at: end) }
            guard base[at] == text.utf8Start[index] else { throw JSONError(.badLiteral, at: start) }
            at &+= 1
        }
        return node(kind, from: start, next: next)
    }

    /// Reads a number by the grammar of RFC 8259 §6.
    mutating func number(next: Int) throws(JSONError) -> Node {
        let start = at
        if base[at] == UInt8(ascii: "-") { at &+= 1 }
        let leadingZero = at < end && base[at] == UInt8(ascii: "0")
        let whole = try digits(of: start)
        guard !leadingZero || whole == 1 else { throw JSONError(.badNumber, at: start) }
        if at < end, base[at] == UInt8(ascii: ".") {
            at &+= 1
            _ = try digits(of: start)
        }
        if at < end, base[at] | 0x20 == UInt8(ascii: "e") {
            at &+= 1
            if at < end, base[at] == UInt8(ascii: "+") || base[at] == UInt8(ascii: "-") { at &+= 1 }
            _ = try digits(of: start)
        }
        return node(.number, from: start, next: next)
    }

    /// Reads at least one digit and returns how many there were.
    @inline(__always)
    private mutating func digits(of start: Int) throws(JSONError) -> Int {
        let first = at
        while at < end, base[at] &- UInt8(ascii: "0") < 10 { at &+= 1 }
        guard at > first else { throw JSONError(at < end ? .badNumber : .truncated, at: at < end ? start : end) }
        return at &- first
    }

    /// Reads a string, from its opening quotation mark, checking escapes and UTF-8.
    mutating func string(next: Int) throws(JSONError) -> Node {
        let start = at
        var tag = UInt32(JSONKind.string.rawValue)
        at &+= 1
        while true {
            skipPlainText()
            guard at < end else { throw JSONError(.truncated, at: end) }
            let byte = base[at]
            if byte == UInt8(ascii: "\"") {
                at &+= 1
                var result = node(.string, from: start, next: next)
                result.tag = tag
                return result
            }
            if byte >= 0x80 {
                // Text beyond ASCII comes in runs.
                repeat { try multiByteSequence(base[at]) } while at < end && base[at] >= 0x80
            } else if byte == UInt8(ascii: "\\") {
                tag |= Node.escapeBit
                try escape()
            } else if byte < 0x20 {
                throw JSONError(.controlCharacterInString, at: at)
            } else {
                at &+= 1
            }
        }
    }

    /// Passes eight bytes at a time over ASCII that needs no attention.
    ///
    /// In each byte of the word the top bit gets set for a control character, a quotation mark, a backslash or
    /// anything beyond ASCII. A borrow can only reach bytes behind one that is already set, so the first is right.
    @inline(__always)
    private mutating func skipPlainText() {
        let ones: UInt64 = 0x0101_0101_0101_0101
        while at &+ 8 <= end {
            let word = UInt64(littleEndian: UnsafeRawPointer(base + at).loadUnaligned(as: UInt64.self))
            let control = word &- (ones &* 0x20)
            let quote = (word ^ (ones &* 0x22)) &- ones
            let backslash = (word ^ (ones &* 0x5C)) &- ones
            let found = (word | control | quote | backslash) & (ones &* 0x80)
            guard found == 0 else {
                at &+= found.trailingZeroBitCount >> 3
                return
            }
            at &+= 8
        }
    }

    /// Checks one sequence by the table of well-formed UTF-8 (Unicode 16, table 3-7).
    @inline(__always)
    private mutating func multiByteSequence(_ lead: UInt8) throws(JSONError) {
        let start = at
        if at &+ 3 < end {
            // The two commonest forms, without a loop: all that is not plainly right goes the long way.
            let second = base[at &+ 1]
            if lead & 0xE0 == 0xC0, lead >= 0xC2, second & 0xC0 == 0x80 {
                at &+= 2
                return
            }
            if lead & 0xF0 == 0xE0, lead != 0xE0, lead != 0xED, second & 0xC0 == 0x80, base[at &+ 2] & 0xC0 == 0x80 {
                at &+= 3
                return
            }
        }
        let length: Int
        var low: UInt8 = 0x80
        var high: UInt8 = 0xBF
        switch lead {
        case 0xC2...0xDF: length = 2
        case 0xE0...0xEF:
            length = 3
            if lead == 0xE0 { low = 0xA0 }
            if lead == 0xED { high = 0x9F }
        case 0xF0...0xF4:
            length = 4
            if lead == 0xF0 { low = 0x90 }
            if lead == 0xF4 { high = 0x8F }
        default: throw JSONError(.invalidUTF8, at: start)
        }
        for _ in 1..<length {
            at &+= 1
            guard at < end else { throw JSONError(.truncated, at: end) }
            guard base[at] >= low, base[at] <= high else { throw JSONError(.invalidUTF8, at: start) }
            low = 0x80
            high = 0xBF
        }
        at &+= 1
    }

    private mutating func escape() throws(JSONError) {
        let start = at
        guard at &+ 1 < end else { throw JSONError(.truncated, at: end) }
        switch base[at &+ 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            at &+= 2
        case UInt8(ascii: "u"):
            let unit = try codeUnit(start)
            guard unit & 0xF800 == 0xD800 else { return }
            guard unit < 0xDC00 else { throw JSONError(.loneSurrogate, at: start) }
            // A pair is two escapes next to each other; anything else between them leaves half a pair.
            let second = at
            guard at < end else { throw JSONError(.truncated, at: end) }
            guard base[at] == UInt8(ascii: "\\") else { throw JSONError(.loneSurrogate, at: start) }
            guard at &+ 1 < end else { throw JSONError(.truncated, at: end) }
            guard base[at &+ 1] == UInt8(ascii: "u") else { throw JSONError(.loneSurrogate, at: start) }
            guard try codeUnit(second) & 0xFC00 == 0xDC00 else { throw JSONError(.loneSurrogate, at: start) }
        default:
            throw JSONError(.badEscape, at: start)
        }
    }

    /// Reads `\uXXXX`.
    private mutating func codeUnit(_ start: Int) throws(JSONError) -> UInt32 {
        var unit: UInt32 = 0
        at &+= 2
        for _ in 0..<4 {
            guard at < end else { throw JSONError(.truncated, at: end) }
            guard let digit = hexadecimalValue(base[at]) else { throw JSONError(.badEscape, at: start) }
            unit = unit << 4 | digit
            at &+= 1
        }
        return unit
    }

    @inline(__always)
    private func node(_ kind: JSONKind, from start: Int, next: Int) -> Node {
        Node(
            start: UInt32(truncatingIfNeeded: start), end: UInt32(truncatingIfNeeded: at),
            next: UInt32(truncatingIfNeeded: next), tag: UInt32(kind.rawValue))
    }
}

/// The value of one hexadecimal digit in either case.
@inline(__always)
func hexadecimalValue(_ byte: UInt8) -> UInt32? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte &- UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte &- UInt8(ascii: "a") &+ 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte &- UInt8(ascii: "A") &+ 10)
    default: nil
    }
}
