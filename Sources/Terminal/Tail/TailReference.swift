/// Names a record among several logs, `LOG/SEQ`, as `explain` and `tail --after` take it.
public enum TailReference {
    /// The reference; the log's name is made harmless to show.
    static func text(_ log: String, _ seq: UInt64) -> String {
        VisibleText.of(log) + "/\(seq)"
    }

    /// Reads a reference; nil where it is none.
    public static func parse(_ text: String) -> (log: String, seq: UInt64)? {
        guard let slash = text.lastIndex(of: "/"), slash > text.startIndex,
            let seq = UInt64(text[text.index(after: slash)...]), seq < .max
        else { return nil }
        return (String(text[..<slash]), seq)
    }

    /// A record's line with its reference as one more field, `record`; a line that is no object stays as it is.
    static func added(_ reference: String, to line: [UInt8]) -> [UInt8] {
        guard line.last == UInt8(ascii: "}"), line.count > 2, !reference.isEmpty else { return line }
        var text = line.dropLast() + Array(#","record":""#.utf8)
        for byte in reference.utf8 {
            // Nothing below a space is left in it.
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { text.append(UInt8(ascii: "\\")) }
            text.append(byte)
        }
        return text + Array(#""}"#.utf8)
    }
}
