import StrictJSON

/// Texts as JSON, for what the gateway writes itself: files of grants, control lines.
enum JSONText {
    /// Appends a string with its quotation marks.
    static func append(_ text: String, to bytes: inout [UInt8]) {
        bytes += JSONString.of(text).utf8
    }

    /// Whether a text is one JSON number.
    static func isNumber(_ text: String) -> Bool {
        var copy = text
        return copy.withUTF8 { JSONNumber(token: UnsafeRawBufferPointer($0)) != nil }
    }
}
