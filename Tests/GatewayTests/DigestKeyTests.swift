import Crypto
import Events
import Testing

@testable import Gateway

/// The digests of arguments and results.
struct DigestKeyTests {
    @Test(arguments: [0, 1, 31, 32, 63, 64, 65, 200])
    func digestsAreTruncatedHMACs(keyLength: Int) throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = Random(seed: seed)
        let bytes = (0..<keyLength).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        let key = DigestKey(bytes: bytes)
        for length in [0, 1, 55, 56, 63, 64, 65, 1000] {
            let message = (0..<length).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            let code = HMAC<SHA256>.authenticationCode(for: message, using: SymmetricKey(data: bytes))
            let expected = try #require(Digest64(prefixOf: code))
            // Twice: a digest must not change the key.
            for _ in 0..<2 { #expect(message.withUnsafeBytes { key.digest($0) } == expected, "seed \(seed)") }
        }
    }

    private struct Random {
        private var state: UInt64

        init(seed: UInt64) { state = seed }

        /// SplitMix64.
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
            return z ^ z >> 31
        }
    }
}
