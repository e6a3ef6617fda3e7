import StrictJSON

/// Texts as JSON, for what the gateway writes itself: files of grants, control lines.
enum JSONText {
    /// Appends a string with its quotation marks; everything RFC 8259 §7 asks is escaped, and nothing else.
    static func append(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0..<0x20:
                let hex = Array("0123456789abcdef".utf8)
                bytes.append(contentsOf: "\\u00".utf8)
                bytes.append(hex[Int(byte >> 4)])
                bytes.append(hex[Int(byte & 0xF)])
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Whether a text is one JSON number.
    static func isNumber(_ text: String) -> Bool {
        var copy = text
        return copy.withUTF8 { JSONNumber(token: UnsafeRawBufferPointer($0)) != nil }
    }
}
