import Testing

@testable import MCP

@Suite struct IdentifierTests {
    private func key(_ token: String) -> MessageKey? { MessageKey(token: Array(token.utf8)) }

    @Test func numbersAndStringsAreNeverConfused() throws {
        let tokens = [
            "1", #""1""#, "-1", "0", #""""#, "9007199254740992", "9007199254740993", "18446744073709551616",
            #""18446744073709551616""#, #""é""#, "\"e\u{301}\"", #""a""#, #""A""#, "12", #""\u0000""#,
        ]
        let keys = try tokens.map { try #require(key($0), "\($0)") }
        #expect(Set(keys).count == tokens.count)
    }

    @Test func spellingsOfOneIDAreOne() {
        #expect(key(#""\u0061\/b""#) == key(#""a/b""#))
        #expect(key(#""\u00e9""#) == key(#""é""#))
        #expect(key(#""\ud83d\ude00""#) == key(#""😀""#))
    }

    @Test(arguments: [
        "", "1.0", "1e3", "-0", "-", "01x", "null", "true", "[1]", "\"", "\"a", #""\x""#, #""a"b""#, "+1",
    ])
    func otherTokensAreNoIDs(token: String) {
        #expect(key(token) == nil)
    }

    @Test(arguments: [
        ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "0af7651916cd43dd8448eb211c80319c"),
        ("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what", "0af7651916cd43dd8448eb211c80319c"),
        ("00-00000000000000000000000000000001-0000000000000001-00", "00000000000000000000000000000001"),
        ("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", nil),
        ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x", nil),
        ("00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", nil),
        ("00-00000000000000000000000000000000-b7ad6b7169203331-01", nil),
        ("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", nil),
        ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331", nil), ("", nil), ("nonsense", nil),
    ])
    func traceParentsFollowTheRecommendation(text: String, expected: String?) {
        let trace = Array(text.utf8).withUnsafeBufferPointer { TraceID(traceParent: $0) }
        #expect(trace?.description == expected)
    }

    @Test func revisionsAreInOrderOfPublication() {
        #expect(ProtocolRevision.allCases == ProtocolRevision.allCases.sorted())
        #expect(ProtocolRevision.allCases.filter { $0.era == .stateless } == [.v2026_07_28])
    }
}

extension MessageKey {
    init?(token: [UInt8]) {
        guard let key = token.withUnsafeBytes({ MessageKey(token: $0) }) else { return nil }
        self = key
    }
}
