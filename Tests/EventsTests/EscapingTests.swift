import Testing

@testable import Events

/// Strings are searched for what has to be escaped sixteen bytes at a time; this compares with one at a time.
struct EscapingTests {
    /// RFC 8259 §7, byte by byte.
    private static func slowly(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    private static func written(_ text: String) -> String {
        var lines = LineBuffer()
        lines.append(json: text, maximum: 4096)
        return String(decoding: lines.bytes, as: UTF8.self)
    }

    @Test func everyCharacterAtEveryPlaceOfEveryLength() {
        let special: [Unicode.Scalar] = [
            "\0", "\u{1F}", " ", "!", "\"", "#", "[", "\\", "]", "~", "\u{7F}", "\u{80}", "ÿ", "\u{2028}", "😀",
        ]
        for length in 0...36 {
            for place in 0..<max(1, length) {
                for scalar in special {
                    var text = String(repeating: "a", count: length)
                    text.insert(Character(scalar), at: text.index(text.startIndex, offsetBy: min(place, length)))
                    #expect(EscapingTests.written(text) == EscapingTests.slowly(text))
                }
            }
        }
    }

    @Test func runsOfAllBytes() {
        let all = String(String.UnicodeScalarView((0..<0x180).compactMap { Unicode.Scalar($0 as UInt32) }))
        for start in 0..<16 {
            let text = String(all.unicodeScalars.dropFirst(start))
            #expect(EscapingTests.written(text) == EscapingTests.slowly(text))
        }
    }
}
