/// Names of arguments that walk through a list page by page.
enum CursorName {
    private static let words: [StaticString] = [
        "cursor", "page", "offset", "skip", "marker", "after", "before", "start", "from", "continuation", "token",
    ]

    /// Whether a name is a cursor's, such as `cursor`, `page_token`, `nextToken` or `startIndex`.
    static func isOne(_ name: String) -> Bool {
        var name = name
        return name.withUTF8 { bytes in
            var start = 0
            for end in 0...bytes.count where end == bytes.count || !isInside(bytes[end]) {
                if isWord(bytes[start..<end]) { return true }
                // A capital letter begins the next word, anything else stands between two.
                start = end < bytes.count && isCapital(bytes[end]) ? end : end + 1
            }
            return false
        }
    }

    private static func isInside(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) }

    private static func isCapital(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte) }

    private static func isWord(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        words.contains { word in
            word.utf8CodeUnitCount == bytes.count
                && bytes.indices.allSatisfy { bytes[$0] | 0x20 == word.utf8Start[$0 - bytes.startIndex] }
        }
    }
}
