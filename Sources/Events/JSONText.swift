/// JSON strings to Swift's.
enum JSONText {
    /// The text of a string without escapes.
    static func plain(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) throws(RecordError) -> String {
        // Nearly all texts are ASCII, and the general validation costs ten times as much.
        if isASCII(bytes, range) {
            return String(decoding: UnsafeRawBufferPointer(rebasing: bytes[range]), as: UTF8.self)
        }
        guard let text = String(validating: UnsafeRawBufferPointer(rebasing: bytes[range]), as: UTF8.self) else {
            throw RecordError("invalid UTF-8", at: range.lowerBound)
        }
        return text
    }

    private static func isASCII(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool {
        var index = range.lowerBound
        while index + 8 <= range.upperBound {
            if bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self) & 0x8080_8080_8080_8080 != 0 { return false }
            index += 8
        }
        while index < range.upperBound {
            if bytes[index] >= 0x80 { return false }
            index += 1
        }
        return true
    }

    /// The text of a string with escapes.
    static func unescaped(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) throws(RecordError) -> String {
        var utf8: [UInt8] = []
        utf8.reserveCapacity(range.count)
        var index = range.lowerBound
        while index < range.upperBound {
            let byte = bytes[index]
            index += 1
            guard byte == UInt8(ascii: "\\") else {
                utf8.append(byte)
                continue
            }
            guard index < range.upperBound else { throw RecordError("cut escape", at: index) }
            let escape = bytes[index]
            index += 1
            switch escape {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): utf8.append(escape)
            case UInt8(ascii: "b"): utf8.append(0x08)
            case UInt8(ascii: "f"): utf8.append(0x0C)
            case UInt8(ascii: "n"): utf8.append(0x0A)
            case UInt8(ascii: "r"): utf8.append(0x0D)
            case UInt8(ascii: "t"): utf8.append(0x09)
            case UInt8(ascii: "u"): utf8.append(contentsOf: try scalar(bytes, &index, range.upperBound).utf8)
            default: throw RecordError("unknown escape", at: index - 1)
            }
        }
        guard let text = String(validating: utf8, as: UTF8.self) else {
            throw RecordError("invalid UTF-8", at: range.lowerBound)
        }
        return text
    }

    private static func scalar(
        _ bytes: UnsafeRawBufferPointer, _ index: inout Int, _ end: Int
    ) throws(RecordError) -> String {
        let high = try unit(bytes, &index, end)
        if let scalar = Unicode.Scalar(high) { return String(scalar) }
        guard high & 0xFC00 == 0xD800, index + 1 < end, bytes[index] == UInt8(ascii: "\\"),
            bytes[index + 1] == UInt8(ascii: "u")
        else { throw RecordError("lone surrogate", at: index) }
        index += 2
        let low = try unit(bytes, &index, end)
        let code = 0x10000 + (UInt32(high & 0x3FF) << 10 | UInt32(low & 0x3FF))
        guard low & 0xFC00 == 0xDC00, let scalar = Unicode.Scalar(code) else {
            throw RecordError("lone surrogate", at: index)
        }
        return String(scalar)
    }

    private static func unit(
        _ bytes: UnsafeRawBufferPointer, _ index: inout Int, _ end: Int
    ) throws(RecordError) -> UInt16 {
        guard index + 4 <= end else { throw RecordError("cut escape", at: index) }
        var value: UInt16 = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(bytes[index])).hexDigitValue else {
                throw RecordError("bad escape", at: index)
            }
            value = value << 4 | UInt16(digit)
            index += 1
        }
        return value
    }
}
