/// The form in which a header carries what the body says: visible ASCII as it is, all else in base64 (SEP-2243).
public enum HeaderValue {
    private static let prefix: StaticString = "=?base64?"
    private static let suffix: StaticString = "?="

    /// Decodes a value as it stands in an HTTP header.
    ///
    /// - Returns: the bytes that it stands for, valid UTF-8; the value's own where it is not wrapped. Nil for anything
    ///   that two readers could take for different values: base64 that is malformed or not canonical, bytes that are no
    ///   UTF-8, the wrapper in upper case, and characters beyond visible ASCII and the space, which have to be wrapped.
    public static func decode(_ value: String) -> [UInt8]? {
        var value = value
        return value.withUTF8 { decode($0) }
    }

    /// Calls `body` with the bytes that a value stands for, without allocating while it is not wrapped.
    ///
    /// - Returns: what `body` returns, or nil where ``decode(_:)`` does.
    static func withDecoded<Result>(_ value: String, _ body: (UnsafeRawBufferPointer) -> Result) -> Result? {
        var value = value
        return value.withUTF8 { text in
            guard isPlain(text) else { return nil }
            guard isWrapped(text) else { return body(UnsafeRawBufferPointer(text)) }
            return decode(text)?.withUnsafeBytes(body)
        }
    }

    /// Whether all readers of HTTP agree about a value: nothing but visible ASCII and spaces.
    static func isPlain(_ value: UnsafeBufferPointer<UInt8>) -> Bool {
        value.allSatisfy { $0 >= 0x20 && $0 < 0x7F }
    }

    private static func decode(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        guard isPlain(text) else { return nil }
        guard isWrapped(text) else { return Array(text) }
        let payload = text[prefix.utf8CodeUnitCount..<(text.count - suffix.utf8CodeUnitCount)]
        let starts = prefix.withUTF8Buffer { text.starts(with: $0) }
        guard starts, let bytes = base64(payload), String(validating: bytes, as: UTF8.self) != nil else { return nil }
        return bytes
    }

    /// Whether a value has the wrapper, in whatever case: RFC 2047, which it is borrowed from, ignores that.
    private static func isWrapped(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard text.count >= prefix.utf8CodeUnitCount + suffix.utf8CodeUnitCount else { return false }
        return prefix.withUTF8Buffer { prefix in
            suffix.withUTF8Buffer { suffix in
                zip(text, prefix).allSatisfy { $0 == $1 || ($0 | 0x20 == $1 && $1 >= UInt8(ascii: "a")) }
                    && text.suffix(suffix.count).elementsEqual(suffix)
            }
        }
    }

    /// Decodes base64 (RFC 4648 §4) with its padding, and only in the one spelling that an encoder writes.
    private static func base64(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> [UInt8]? {
        guard text.count % 4 == 0 else { return nil }
        let padding = text.suffix(2).reversed().prefix { $0 == UInt8(ascii: "=") }.count
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3)
        var bits: UInt32 = 0
        var bitCount: UInt32 = 0
        for digit in text.dropLast(padding) {
            guard let value = value(ofDigit: digit) else { return nil }
            bits = bits << 6 | value
            bitCount += 6
            guard bitCount >= 8 else { continue }
            bitCount -= 8
            bytes.append(UInt8(truncatingIfNeeded: bits >> bitCount))
            bits &= (1 << bitCount) - 1
        }
        return bits == 0 ? bytes : nil
    }

    private static func value(ofDigit digit: UInt8) -> UInt32? {
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(digit - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(digit - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
