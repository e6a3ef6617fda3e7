/// Texts as JSON strings.
enum JSONQuote {
    /// A text in quotation marks, escaped as RFC 8259 §7 asks.
    static func bytes(of text: String) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        var quoted: [UInt8] = [0x22]
        for byte in text.utf8 {
            switch byte {
            case 0x22, 0x5C: quoted += [0x5C, byte]
            case 0..<0x20: quoted += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: quoted.append(byte)
            }
        }
        return quoted + [0x22]
    }

    /// The same as text.
    static func text(_ text: String) -> String { String(decoding: bytes(of: text), as: UTF8.self) }
}
