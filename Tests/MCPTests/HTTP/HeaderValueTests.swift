import Foundation
import Testing

@testable import MCP

@Suite struct HeaderValueTests {
    @Test(arguments: [
        ("echo", "echo"), ("", ""), ("a b", "a b"), ("=?base64?", "=?base64?"), ("=?base64?=", "=?base64?="),
        ("=?base64?ZWNobw==", "=?base64?ZWNobw=="), ("x=?base64?ZWNobw==?=", "x=?base64?ZWNobw==?="),
        ("=?base64?ZWNobw==?=", "echo"), ("=?base64??=", ""), ("=?base64?w6k=?=", "é"), ("=?base64?Cg==?=", "\n"),
        ("=?base64?AA==?=", "\0"), ("=?base64?Zm9v?=", "foo"), ("=?utf-8?q?x?=", "=?utf-8?q?x?="),
        ("=?base64?PT9iYXNlNjQ/Wlc1b2J3PT0/PQ==?=", "=?base64?ZW5obw==?="),
    ])
    func valuesAreDecodedOnce(value: String, meaning: String) throws {
        let expected = value == "=?base64?PT9iYXNlNjQ/Wlc1b2J3PT0/PQ==?=" ? "=?base64?ZW5obw==?=" : meaning
        #expect(HeaderValue.decode(value) == Array(expected.utf8))
    }

    @Test(arguments: [
        "=?base64?ZWNobw?=", "=?base64?ZWNobw=?=", "=?base64?ZWNobw===?=", "=?base64?ZWNobx==?=", "=?base64?w6l=?=",
        "=?base64?ZWN obw==?=", "=?base64? ZWNobw==?=", "=?base64?ZW=obw==?=", "=?base64?====?=", "=?base64?_-8=?=",
        "=?base64?/w==?=", "=?base64?wyg=?=", "=?base64?7aCA?=", "=?BASE64?ZWNobw==?=", "=?Base64?ZWNobw==?=",
        "=?base64?ZWNob\u{E9}==?=", "é", "a\tb", "a\u{7F}", "\u{FFFD}", "a\u{0}b",
    ])
    func whatReadersCouldDisagreeAboutIsNothing(value: String) {
        #expect(HeaderValue.decode(value) == nil)
    }

    /// Foundation encodes, this decodes.
    @Test(arguments: 0..<40) func encodedTextComesBack(length: Int) {
        let text = String(String(repeating: "søk/€ 🜁\n", count: 8).prefix(length))
        let value = "=?base64?\(Data(text.utf8).base64EncodedString())?="
        #expect(HeaderValue.decode(value) == Array(text.utf8))
        #expect(HeaderValue.withDecoded(value) { Array($0) } == Array(text.utf8))
    }
}
