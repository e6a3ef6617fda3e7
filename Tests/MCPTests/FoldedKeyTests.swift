import StrictJSON
import Testing

@testable import MCP

@Suite struct FoldedKeyTests {
    private func pack(_ text: String) -> UInt128? {
        Array(text.utf8).withUnsafeBufferPointer { FoldedKey.pack($0) }
    }

    /// The short list in the code against the standard library's tables.
    @Test func noOtherScalarFoldsIntoASCII() {
        for value in UInt32(0x80)...0x1FFFF {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let folded = scalar.simplyFolded
            let expected = folded.isASCII ? pack(String(folded)) : nil
            #expect(pack(String(scalar)) == expected, "U+\(String(value, radix: 16))")
        }
    }

    @Test func spellingsOfAKeyAreOne() {
        for key in ["arguments", "ARGUMENTS", "Argument\u{17F}", "aRgUmEnTs"] {
            #expect(pack(key) == pack("arguments"))
        }
        #expect(pack("tas\u{212A}") == pack("task"))
        #expect(pack("\u{131}D") == pack("id"))
        #expect(pack("argument") != pack("arguments"))
        #expect(pack("_meta") != pack("meta"))
        #expect(pack(String(repeating: "a", count: 17)) == nil)
        #expect(pack("n\u{E4}me") == nil)
    }

    @Test(arguments: [
        ("tools/call", true), ("Tools/Call", true), (" tools/\u{A0}call\t", true), ("tool\u{17F}/call", true),
        ("tools/calls", false), ("tools/cal", false), ("tools", false), ("", false), ("xtools/call", false),
    ])
    func generousReadingsOfACallAreKnown(name: String, expected: Bool) {
        #expect(Array(name.utf8).withUnsafeBufferPointer { looksLikeToolsCall($0) } == expected)
    }
}
