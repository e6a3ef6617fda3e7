/// Walks a line that the gateway's own encoder wrote: its keys in its order, ASCII, nothing escaped.
///
/// Each step gives nil for anything else, also for what is right but unusual. Such a line is read by `Record(utf8:)`,
/// which decides alone what is a record; what is read here must come out as that would have it.
struct LineCursor {
    /// A text's place in the line.
    typealias Slice = Range<Int>

    /// The line.
    let bytes: UnsafeRawBufferPointer
    /// How many of its bytes were walked over.
    private(set) var position = 0

    /// At a line's beginning.
    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    /// Whether the whole line was walked.
    var isAtEnd: Bool { position == bytes.count }

    /// Passes over exactly these bytes, if they come next.
    @inline(__always)
    mutating func skip(_ literal: StaticString) -> Bool {
        let count = literal.utf8CodeUnitCount
        guard position + count <= bytes.count, let base = bytes.baseAddress else { return false }
        let here = base + position
        let there = UnsafeRawPointer(literal.utf8Start)
        if count >= 8 {
            // Eight at a time; the last eight overlap those before them.
            var index = 0
            while index + 8 <= count {
                guard LineCursor.isEqual(here, there, at: index, UInt64.self) else { return false }
                index += 8
            }
            guard LineCursor.isEqual(here, there, at: count - 8, UInt64.self) else { return false }
        } else {
            for index in 0..<count where !LineCursor.isEqual(here, there, at: index, UInt8.self) { return false }
        }
        position += count
        return true
    }

    @inline(__always)
    private static func isEqual<Word: FixedWidthInteger & BitwiseCopyable>(
        _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, at offset: Int, _: Word.Type
    ) -> Bool {
        a.loadUnaligned(fromByteOffset: offset, as: Word.self) == b.loadUnaligned(fromByteOffset: offset, as: Word.self)
    }

    /// A string's text, its opening quote already passed; passes over the closing one.
    @inline(__always)
    mutating func text() -> Slice? {
        let start = position
        var index = position
        while index + 8 <= bytes.count {
            let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            let stop = LineCursor.stops(UInt64(littleEndian: word))
            guard stop == 0 else {
                index += stop.trailingZeroBitCount >> 3
                break
            }
            index += 8
        }
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") {
                position = index + 1
                return start..<index
            }
            guard byte >= 0x20, byte < 0x80, byte != UInt8(ascii: "\\") else { return nil }
            index += 1
        }
        return nil
    }

    /// The text behind a key that may be absent; false where it is no text.
    ///
    /// - Parameter key: with all that stands before the text: `,"agent":"`.
    @inline(__always)
    mutating func text(after key: StaticString, _ found: inout Slice?) -> Bool {
        guard skip(key) else { return true }
        found = text()
        return found != nil
    }

    /// The number behind a key that may be absent; false where it is no number.
    @inline(__always)
    mutating func number(after key: StaticString, _ found: inout Int64?) -> Bool {
        guard skip(key) else { return true }
        found = number()
        return found != nil
    }

    /// The digest behind a key that may be absent; false where it is none.
    @inline(__always)
    mutating func digest(after key: StaticString, _ found: inout Int64?) -> Bool {
        guard skip(key) else { return true }
        found = digest()
        return found != nil
    }

    /// A number of at most 15 digits, so within 2^53; without a sign or leading zeros.
    @inline(__always)
    mutating func number() -> Int64? {
        var value: Int64 = 0
        var index = position
        while index < bytes.count {
            let digit = bytes[index] &- UInt8(ascii: "0")
            guard digit < 10 else { break }
            value = value &* 10 &+ Int64(digit)
            index += 1
            guard index - position <= 15 else { return nil }
        }
        let count = index - position
        guard count > 0, count == 1 || bytes[position] != UInt8(ascii: "0") else { return nil }
        position = index
        return value
    }

    /// 16 lower-case hexadecimal digits and the closing quote.
    @inline(__always)
    mutating func digest() -> Int64? {
        guard position + 17 <= bytes.count, bytes[position + 16] == UInt8(ascii: "\"") else { return nil }
        var value: UInt64 = 0
        for index in position..<position + 16 {
            let byte = bytes[index]
            let digit = byte &- UInt8(ascii: "0")
            let letter = byte &- UInt8(ascii: "a")
            guard digit < 10 || letter < 6 else { return nil }
            value = value << 4 | UInt64(digit < 10 ? digit : letter + 10)
        }
        position += 17
        return Int64(bitPattern: value)
    }

    /// A moment's 27 bytes and the closing quote, in microseconds since 1970.
    @inline(__always)
    mutating func moment(_ days: inout DayText) -> Int64? {
        let end = position + Timestamp.textLength
        guard end < bytes.count, bytes[end] == UInt8(ascii: "\""),
            let moment = days.moment(UnsafeRawBufferPointer(rebasing: bytes[position..<end]))
        else { return nil }
        position = end + 1
        return moment
    }

    /// A list of strings, its opening bracket already passed.
    @inline(__always)
    mutating func list() -> Bool {
        if skip("]") { return true }
        while skip("\"") {
            guard text() != nil else { return false }
            if skip("]") { return true }
            guard skip(",") else { return false }
        }
        return false
    }

    /// Bytes of a slice.
    @inline(__always)
    subscript(_ slice: Slice) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[slice]) }

    /// Bytes whose high bit tells a quote, a backslash, a control character or one beyond ASCII; the lowest is exact.
    @inline(__always)
    private static func stops(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let high: UInt64 = 0x8080_8080_8080_8080
        let quote = word ^ (ones &* 0x22)
        let backslash = word ^ (ones &* 0x5C)
        return ((quote &- ones) & ~quote | (backslash &- ones) & ~backslash | (word &- ones &* 0x20) & ~word | word)
            & high
    }
}
