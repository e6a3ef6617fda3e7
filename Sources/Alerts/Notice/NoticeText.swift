import Events

/// How notices that are about tollgate itself are written: their JSON object and their line for people.
enum NoticeText {
    /// One JSON object without a newline: version, moment and fields in their order.
    static func json(_ now: Timestamp, _ fields: [(name: String, value: String)]) -> String {
        var line = LineBuffer(capacity: 512)
        line.append("{\"v\":1,\"ts\":\"")
        line.append(now)
        line.append("\"")
        for (name, value) in fields {
            line.append(UInt8(ascii: ","))
            line.append(json: name, maximum: TextBound.name)
            line.append(UInt8(ascii: ":"))
            line.append(json: value, maximum: TextBound.text)
        }
        line.append("}")
        return withExtendedLifetime(line) { String(decoding: $0.bytes, as: UTF8.self) }
    }

    /// A line that does nothing to a terminal.
    static func line(_ now: Timestamp, _ text: String) -> String {
        let text = "\(now.description.prefix(19))Z \(text)"
        return String(String.UnicodeScalarView(text.unicodeScalars.map { $0.isHarmless ? $0 : "\u{FFFD}" }))
    }
}
