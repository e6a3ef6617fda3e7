/// A growing run of bytes that lines are written into; it keeps its memory when it is emptied.
///
/// Raw memory rather than `[UInt8]`: a record is some fifty small appends, and an array checks for sharing at each
/// (measured in `Benchmarks/`, `encode`).
public struct LineBuffer: ~Copyable {
    private var base: UnsafeMutableRawPointer
    private var capacity: Int
    /// Bytes written.
    public private(set) var count = 0

    /// Makes an empty buffer with room for `capacity` bytes.
    public init(capacity: Int = 64 << 10) {
        self.capacity = max(capacity, 64)
        base = .allocate(byteCount: self.capacity, alignment: 16)
    }

    deinit {
        base.deallocate()
    }

    /// What has been written.
    public var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: base, count: count)
    }

    /// Forgets what was written after the first `length` bytes.
    public mutating func truncate(to length: Int) {
        count = min(count, max(length, 0))
    }

    /// Forgets the first `length` bytes.
    public mutating func removeFirst(_ length: Int) {
        let dropped = min(max(length, 0), count)
        count -= dropped
        base.copyMemory(from: base + dropped, byteCount: count)
    }

    /// Appends bytes.
    public mutating func append(_ other: UnsafeRawBufferPointer) {
        guard let source = other.baseAddress else { return }
        reserve(other.count)
        (base + count).copyMemory(from: source, byteCount: other.count)
        count += other.count
    }

    /// Appends one byte.
    @inline(__always)
    public mutating func append(_ byte: UInt8) {
        reserve(1)
        base.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count += 1
    }

    /// Appends a constant text as it is.
    @inline(__always)
    public mutating func append(_ text: StaticString) {
        append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Appends a text's bytes as they are.
    public mutating func append(raw text: String) {
        withUTF8(of: text) { lines, utf8 in lines.append(utf8) }
    }

    /// Appends a number in decimal.
    public mutating func append(decimal value: Int64) {
        if value < 0 { append(UInt8(ascii: "-")) }
        append(decimal: value.magnitude)
    }

    /// Appends a number in decimal.
    public mutating func append(decimal value: UInt64) {
        reserve(20)
        count += LineBuffer.digits(of: value)
        var index = count
        var rest = value
        while rest >= 100 {
            let quotient = rest / 100
            index -= 2
            base.storeBytes(of: LineBuffer.pair(rest &- quotient &* 100), toByteOffset: index, as: UInt16.self)
            rest = quotient
        }
        if rest >= 10 {
            base.storeBytes(of: LineBuffer.pair(rest), toByteOffset: index - 2, as: UInt16.self)
        } else {
            base.storeBytes(
                of: UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest), toByteOffset: index - 1, as: UInt8.self)
        }
    }

    /// The two digits of a number below 100, in the order in which they stand in memory.
    private static func pair(_ value: UInt64) -> UInt16 {
        let tens = (value &* 103) >> 10  // value / 10, exact below 179
        return (0x3030 + UInt16(truncatingIfNeeded: tens | (value &- tens &* 10) << 8)).littleEndian
    }

    /// How many decimal digits a number has.
    private static func digits(of value: UInt64) -> Int {
        var rest = value
        var digits = 1
        while rest >= 10_000 {
            rest /= 10_000
            digits += 4
        }
        return digits + (rest >= 1000 ? 3 : rest >= 100 ? 2 : rest >= 10 ? 1 : 0)
    }

    /// Appends 16 hexadecimal digits.
    public mutating func append(_ digest: Digest64) {
        reserve(16)
        base.storeBytes(of: LineBuffer.hexadecimal(digest.value >> 32), toByteOffset: count, as: UInt64.self)
        base.storeBytes(
            of: LineBuffer.hexadecimal(digest.value & 0xFFFF_FFFF), toByteOffset: count + 8, as: UInt64.self)
        count += 16
    }

    /// The eight hexadecimal digits of 32 bits, in the order in which they stand in memory.
    private static func hexadecimal(_ value: UInt64) -> UInt64 {
        // Each nibble to a byte of its own, the first digit to the highest one.
        var digits = (value | value << 16) & 0x0000_FFFF_0000_FFFF
        digits = (digits | digits << 8) & 0x00FF_00FF_00FF_00FF
        digits = (digits | digits << 4) & 0x0F0F_0F0F_0F0F_0F0F
        // 1 in the bytes of ten and more: 6 carries them into the bit for 16.
        let letters = (digits &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        return (digits &+ 0x3030_3030_3030_3030 &+ letters &* 0x27).bigEndian
    }

    /// Appends a moment's 27 bytes.
    public mutating func append(_ timestamp: Timestamp) {
        reserve(Timestamp.textLength)
        timestamp.write(to: UnsafeMutableRawBufferPointer(start: base + count, count: Timestamp.textLength))
        count += Timestamp.textLength
    }

    /// Appends a JSON string, quotes included.
    ///
    /// Texts longer than `maximum` bytes become a prefix, a digest and the length.
    public mutating func append(json text: String, maximum: Int) {
        withUTF8(of: text) { lines, utf8 in
            lines.append(UInt8(ascii: "\""))
            if utf8.count <= maximum {
                lines.append(escaping: utf8)
            } else {
                lines.appendCut(utf8, maximum: maximum)
            }
            lines.append(UInt8(ascii: "\""))
        }
    }

    /// Calls `body` with a text's bytes where they are: `String.withUTF8` needs a copy of the text first.
    @inline(__always)
    private mutating func withUTF8(of text: String, _ body: (inout LineBuffer, UnsafeRawBufferPointer) -> Void) {
        if text.utf8.withContiguousStorageIfAvailable({ body(&self, UnsafeRawBufferPointer($0)) }) != nil { return }
        var text = text
        text.withUTF8 { body(&self, UnsafeRawBufferPointer($0)) }
    }

    private mutating func appendCut(_ utf8: UnsafeRawBufferPointer, maximum: Int) {
        // Room for `…#` + 16 digits + `+` + length.
        var length = max(0, maximum - 40)
        while length > 0, utf8[length] & 0xC0 == 0x80 { length -= 1 }
        append(escaping: UnsafeRawBufferPointer(rebasing: utf8[..<length]))
        append("\u{2026}#")
        // FNV-1a, 64 bits: to tell cut texts apart, not to prove anything.
        append(Digest64(utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }))
        append("+")
        append(decimal: Int64(utf8.count))
    }

    private mutating func append(escaping utf8: UnsafeRawBufferPointer) {
        reserve(utf8.count)
        if PlainText.copy(utf8, to: base + count) {
            count += utf8.count
            return
        }
        var start = 0
        for index in utf8.indices {
            let byte = utf8[index]
            guard PlainText.needsEscape(byte) else { continue }
            append(UnsafeRawBufferPointer(rebasing: utf8[start..<index]))
            start = index + 1
            switch byte {
            case UInt8(ascii: "\""): append("\\\"")
            case UInt8(ascii: "\\"): append("\\\\")
            default:
                append("\\u00")
                append(hexDigit(byte >> 4))
                append(hexDigit(byte & 15))
            }
        }
        append(UnsafeRawBufferPointer(rebasing: utf8[start...]))
    }

    private func hexDigit(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
    }

    @inline(__always)
    private mutating func reserve(_ more: Int) {
        if count + more > capacity { grow(more) }
    }

    private mutating func grow(_ more: Int) {
        capacity = max(capacity * 2, count + more)
        let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
        larger.copyMemory(from: base, byteCount: count)
        base.deallocate()
        base = larger
    }
}
