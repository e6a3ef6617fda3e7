import Crypto

/// A bearer token: 256 random bits, shown once when a grant is made and never kept.
public struct Token: Sendable, Equatable {
    /// What every token begins with, so that scanners for leaked secrets can know it.
    public static let prefix = "tg_"
    /// Characters of a token: the prefix and 43 of base64url.
    public static let length = 46

    private let text: String

    /// Draws a token.
    ///
    /// - Parameter generator: where randomness comes from; `SystemRandomNumberGenerator` but in tests.
    public init(using generator: inout some RandomNumberGenerator) {
        var bytes: [UInt8] = []
        for _ in 0..<4 {
            let word: UInt64 = generator.next()
            for shift in stride(from: 56, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
        }
        text = Token.prefix + Token.base64URL(bytes)
    }

    /// The token as the client sends it after `Bearer `.
    public var revealed: String { text }

    /// The SHA-256 of the token's text.
    public var sha256: [UInt8] { TokenDigest.hash(text.utf8) }

    /// Base64 with the alphabet of RFC 4648 §5, without padding.
    private static func base64URL(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        var result: [UInt8] = []
        var (bits, count) = (0, 0)
        for byte in bytes {
            bits = (bits << 8 | Int(byte)) & 0xFFFF
            count += 8
            while count >= 6 {
                count -= 6
                result.append(alphabet[bits >> count & 0x3F])
            }
        }
        if count > 0 { result.append(alphabet[bits << (6 - count) & 0x3F]) }
        return String(decoding: result, as: UTF8.self)
    }
}

extension Token: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// `<token>`, whatever the value; see ``revealed``.
    public var description: String { "<token>" }
    /// `<token>`, whatever the value; see ``revealed``.
    public var debugDescription: String { "<token>" }
    /// Without children, so that `dump` shows none.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Digests of tokens.
public enum TokenDigest {
    /// The SHA-256 of a token's bytes, 32 bytes.
    public static func hash(_ token: some Sequence<UInt8>) -> [UInt8] {
        Array(SHA256.hash(data: Array(token)))
    }

    /// The SHA-256 of a token's bytes where they stand, 32 bytes.
    public static func hash(_ token: UnsafeRawBufferPointer) -> [UInt8] {
        Array(SHA256.hash(data: token))
    }

    /// 64 lower-case hexadecimal digits.
    public static func hexadecimal(_ digest: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        let text = digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 0xF)]] }
        return String(decoding: text, as: UTF8.self)
    }

    /// The 32 bytes of 64 hexadecimal digits in either case; nil when it is anything else.
    static func bytes(hexadecimal text: String) -> [UInt8]? {
        let digits = text.utf8.compactMap { byte -> UInt8? in
            switch byte {
            case 0x30...0x39: byte - 0x30
            case 0x41...0x46: byte - 0x37
            case 0x61...0x66: byte - 0x57
            default: nil
            }
        }
        guard digits.count == 64, text.utf8.count == 64 else { return nil }
        return stride(from: 0, to: 64, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    /// Whether two digests are equal, in a time that does not tell where they differ.
    static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        var difference: UInt8 = 0
        for (a, b) in zip(left, right) { difference |= a ^ b }
        return difference == 0
    }
}
