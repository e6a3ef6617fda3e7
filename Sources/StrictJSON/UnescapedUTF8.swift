/// The UTF-8 bytes that the content of a checked string token stands for, one at a time.
struct UnescapedUTF8: IteratorProtocol {
    private let content: UnsafeBufferPointer<UInt8>
    private var at = 0
    /// Continuation bytes still to be handed out, the next one lowest; none of them is ever zero.
    private var pending: UInt32 = 0

    /// - Parameter content: the bytes between the quotation marks, already checked by ``TokenScanner``.
    init(_ content: UnsafeBufferPointer<UInt8>) {
        self.content = content
    }

    mutating func next() -> UInt8? {
        if pending != 0 {
            defer { pending >>= 8 }
            return UInt8(truncatingIfNeeded: pending)
        }
        guard at < content.count else { return nil }
        let byte = content[at]
        at += 1
        guard byte == UInt8(ascii: "\\"), at < content.count else { return byte }
        let escape = content[at]
        at += 1
        switch escape {
        case UInt8(ascii: "b"): return 0x08
        case UInt8(ascii: "f"): return 0x0C
        case UInt8(ascii: "n"): return 0x0A
        case UInt8(ascii: "r"): return 0x0D
        case UInt8(ascii: "t"): return 0x09
        case UInt8(ascii: "u"): return encode(scalar())
        default: return escape
        }
    }

    /// Reads the four digits behind `\u`, and the second half of a pair.
    private mutating func scalar() -> UInt32 {
        let unit = codeUnit()
        guard unit & 0xFC00 == 0xD800 else { return unit }
        at += 2
        return 0x1_0000 + ((unit & 0x3FF) << 10 | (codeUnit() & 0x3FF))
    }

    private mutating func codeUnit() -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 where at < content.count {
            unit = unit << 4 | (hexadecimalValue(content[at]) ?? 0)
            at += 1
        }
        return unit
    }

    /// Returns the first byte of a scalar's UTF-8 form and keeps the others.
    private mutating func encode(_ scalar: UInt32) -> UInt8 {
        func continuation(_ shift: UInt32) -> UInt32 { 0x80 | (scalar >> shift & 0x3F) }
        switch scalar {
        case ..<0x80:
            return UInt8(truncatingIfNeeded: scalar)
        case ..<0x800:
            pending = continuation(0)
            return UInt8(truncatingIfNeeded: 0xC0 | scalar >> 6)
        case ..<0x1_0000:
            pending = continuation(6) | continuation(0) << 8
            return UInt8(truncatingIfNeeded: 0xE0 | scalar >> 12)
        default:
            pending = continuation(12) | continuation(6) << 8 | continuation(0) << 16
            return UInt8(truncatingIfNeeded: 0xF0 | scalar >> 18)
        }
    }
}
