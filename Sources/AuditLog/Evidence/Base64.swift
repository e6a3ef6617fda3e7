import FoundationEssentials

/// Base64 (RFC 4648 §4) in the one spelling that an encoder writes: what is signed has no second form.
enum Base64 {
    static func encode(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString()
    }

    /// The bytes; nil for anything that ``encode(_:)`` would not have written.
    static func decode(_ text: Substring) -> [UInt8]? {
        guard let data = Data(base64Encoded: String(text)), data.base64EncodedString() == text else { return nil }
        return Array(data)
    }
}
