/// Replacements of byte ranges in a message; everything between them stays as it is.
struct Splice {
    private var edits: [(range: Range<Int>, text: StaticString)] = []

    var isEmpty: Bool { edits.isEmpty }

    /// Notes a replacement; ranges must not overlap.
    mutating func replace(_ range: Range<Int>, by text: StaticString) {
        edits.append((range, text))
    }

    func apply(to bytes: [UInt8], into buffer: inout [UInt8]) {
        var at = 0
        for (range, text) in edits.sorted(by: { $0.range.lowerBound < $1.range.lowerBound }) {
            buffer.append(contentsOf: bytes[at..<range.lowerBound])
            buffer.append(literal: text)
            at = range.upperBound
        }
        buffer.append(contentsOf: bytes[at...])
    }
}
