/// One pass over a line as the encoder writes it; what it is not sure of, it refuses.
///
/// Every function passes over what it names and says whether it was there.
struct CanonicalScan {
    private let base: UnsafeRawPointer
    private let count: Int
    private var position = 0

    init(_ line: UnsafeRawBufferPointer) {
        // Never read where the line is empty.
        base = line.baseAddress ?? UnsafeRawPointer(bitPattern: 1).unsafelyUnwrapped
        count = line.count
    }

    mutating func skip(_ text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        guard position + length <= count else { return false }
        for index in 0..<length where byte(position + index) != text.utf8Start[index] { return false }
        position += length
        return true
    }

    /// A whole number that is not negative and surely below 2^53.
    mutating func natural() -> UInt64? {
        var value: UInt64 = 0
        let start = position
        while position < count, position - start < 16, byte(position) &- 0x30 < 10 {
            value = value &* 10 &+ UInt64(byte(position) &- 0x30)
            position += 1
        }
        return position > start && position - start < 16 ? value : nil
    }

    mutating func timestamp() -> Timestamp? {
        guard position + Timestamp.textLength <= count else { return nil }
        let text = UnsafeRawBufferPointer(start: base + position, count: Timestamp.textLength)
        position += Timestamp.textLength
        return Timestamp(utf8: text)
    }

    /// The fields from here to the line's end, in this order.
    mutating func fields(_ fields: [RecordCheck.Field], _ words: [RecordCheck.Token]) -> Bool {
        var demanded = 0
        for index in fields.indices {
            guard skip(fields[index].key) else {
                if fields[index].isRequired || demanded > 0 { return false }
                continue
            }
            demanded = max(demanded - 1, fields[index].demands)
            guard value(fields[index].form, words) else { return false }
        }
        return position + 1 == count && byte(position) == UInt8(ascii: "}")
    }

    private mutating func value(_ form: RecordCheck.Field.Form, _ words: [RecordCheck.Token]) -> Bool {
        switch form {
        case .text: return text()
        case .word(let range):
            for index in range where skip(words[index]) { return true }
            return false
        case .integer:
            _ = skip(UInt8(ascii: "-"))
            return natural() != nil
        case .natural: return natural() != nil
        case .digest: return digest()
        case .flag: return skip("true")
        case .list: return list()
        }
    }

    @inline(__always)
    private mutating func skip(_ token: RecordCheck.Token) -> Bool {
        guard position + 8 <= count else { return skipAtEnd(token) }
        guard word(position) & token.mask == token.head else { return false }
        if token.count > 8 {
            guard position + token.count <= count, word(position + token.count - 8) == token.tail,
                token.count <= 16 || word(position + 8) == token.middle
            else { return false }
        }
        position += token.count
        return true
    }

    /// The same where fewer than eight bytes are left.
    private mutating func skipAtEnd(_ token: RecordCheck.Token) -> Bool {
        guard position + token.count <= count else { return false }
        for index in 0..<token.count
        where byte(position + index) != UInt8(truncatingIfNeeded: token.head >> (index * 8)) {
            return false
        }
        position += token.count
        return true
    }

    private mutating func skip(_ wanted: UInt8) -> Bool {
        guard position < count, byte(position) == wanted else { return false }
        position += 1
        return true
    }

    private mutating func list() -> Bool {
        guard skip(UInt8(ascii: "[")) else { return false }
        if skip(UInt8(ascii: "]")) { return true }
        repeat {
            guard text() else { return false }
        } while skip(UInt8(ascii: ","))
        return skip(UInt8(ascii: "]"))
    }

    private mutating func digest() -> Bool {
        guard position + 18 <= count, byte(position) == UInt8(ascii: "\""), byte(position + 17) == UInt8(ascii: "\"")
        else { return false }
        let isDigits =
            CanonicalScan.areHexadecimal(word(position + 1)) && CanonicalScan.areHexadecimal(word(position + 9))
        position += 18
        return isDigits
    }

    /// Whether eight bytes are lower-case hexadecimal digits.
    ///
    /// Sums of bytes below 128 with numbers below 128 carry nothing over; the high bit says that the limit is reached. With
    /// `SIMD16` the same cost as much as the line's SHA-256.
    private static func areHexadecimal(_ word: UInt64) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let high = ones &* 0x80
        guard word & high == 0 else { return false }
        let digits = (word &+ ones &* 0x50) & ~(word &+ ones &* 0x46)
        let letters = (word &+ ones &* 0x1F) & ~(word &+ ones &* 0x19)
        return (digits | letters) & high == high
    }

    /// A string, quotes included.
    private mutating func text() -> Bool {
        guard skip(UInt8(ascii: "\"")) else { return false }
        let start = position
        var isASCII = true
        while position < count {
            if position + 8 <= count {
                let marks = CanonicalScan.marks(in: word(position))
                position += marks == 0 ? 8 : marks.trailingZeroBitCount / 8
                if marks == 0 { continue }
            }
            let byte = byte(position)
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return isASCII || isUTF8(start..<position - 1)
            case UInt8(ascii: "\\"):
                guard escape() else { return false }
            case 0..<0x20: return false
            default:
                isASCII = isASCII && byte < 0x80
                position += 1
            }
        }
        return false
    }

    /// An escape of one byte, or of one scalar below U+0100.
    ///
    /// Each stands for a whole scalar, so that the text is UTF-8 exactly where what is written is.
    private mutating func escape() -> Bool {
        guard position + 1 < count else { return false }
        switch byte(position + 1) {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            position += 2
            return true
        case UInt8(ascii: "u"):
            guard position + 6 <= count, byte(position + 2) == 0x30, byte(position + 3) == 0x30,
                isHexadecimal(byte(position + 4)), isHexadecimal(byte(position + 5))
            else { return false }
            position += 6
            return true
        default: return false
        }
    }

    private func isHexadecimal(_ byte: UInt8) -> Bool {
        byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 6
    }

    private func isUTF8(_ range: Range<Int>) -> Bool {
        let bytes = UnsafeRawBufferPointer(start: base + range.lowerBound, count: range.count)
        return String(validating: bytes, as: UTF8.self) != nil
    }

    /// The high bits of bytes that are no plain text: quotes, backslashes, controls, and all past ASCII.
    ///
    /// The lowest mark is right; those above it may be borrows.
    private static func marks(in word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let (quote, backslash) = (word ^ (ones &* 0x22), word ^ (ones &* 0x5C))
        let marks = (word &- ones &* 0x20) | (quote &- ones) | (backslash &- ones)
        // A byte past ASCII is marked by its own high bit, whatever the differences say.
        return (marks & ~word | word) & (ones &* 0x80)
    }

    /// Eight bytes, the first one lowest.
    private func word(_ index: Int) -> UInt64 {
        UInt64(littleEndian: base.loadUnaligned(fromByteOffset: index, as: UInt64.self))
    }

    private func byte(_ index: Int) -> UInt8 {
        base.load(fromByteOffset: index, as: UInt8.self)
    }
}
