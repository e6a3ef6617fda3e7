import Testing

@testable import Gateway

/// Tokens are 256 random bits that nobody sees by accident.
struct TokenTests {
    /// Gives the same words again and again.
    private struct Fixed: RandomNumberGenerator {
        let word: UInt64
        func next() -> UInt64 { word }
    }

    @Test(arguments: [
        (UInt64(0), String(repeating: "A", count: 43)),
        (.max, String(repeating: "_", count: 42) + "8"),
        // python3 -c "import base64; print(base64.urlsafe_b64encode(bytes.fromhex('0123456789abcdef'*4)).rstrip(b'='))"
        (0x0123_4567_89AB_CDEF, "ASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4mrze8"),
    ])
    func allBitsAreInTheText(word: UInt64, text: String) {
        var generator = Fixed(word: word)
        let token = Token(using: &generator)
        #expect(token.revealed == "tg_" + text)
        #expect(token.revealed.utf8.count == Token.length)
    }

    @Test func tokensDiffer() {
        var generator = SystemRandomNumberGenerator()
        let tokens = Set((0..<1000).map { _ in Token(using: &generator).revealed })
        #expect(tokens.count == 1000)
    }

    @Test func theDigestIsOfTheText() {
        var generator = Fixed(word: 0)
        let token = Token(using: &generator)
        // printf 'tg_AAAA…' | sha256sum
        #expect(
            TokenDigest.hexadecimal(token.sha256) == "83515edec92df1eb166052cdfcdd55c63e139dd5a356a26e0903e4b01e2fe11e")
        #expect(TokenDigest.bytes(hexadecimal: TokenDigest.hexadecimal(token.sha256)) == token.sha256)
        let raw = Array(token.revealed.utf8).withUnsafeBytes { TokenDigest.hash($0) }
        #expect(raw == token.sha256)
    }

    @Test func printingShowsNothing() {
        var generator = SystemRandomNumberGenerator()
        let token = Token(using: &generator)
        var dumped = ""
        dump(token, to: &dumped)
        for shown in ["\(token)", String(reflecting: token), dumped, "\([token])", "\(Optional(token) as Any)"] {
            #expect(!shown.contains(token.revealed.dropFirst(3)))
        }
    }

    @Test(arguments: [
        "", "0", String(repeating: "g", count: 64), String(repeating: "0", count: 65),
        "é" + String(repeating: "0", count: 63),
    ])
    func othersAreNoDigests(text: String) {
        #expect(TokenDigest.bytes(hexadecimal: text) == nil)
    }
}
