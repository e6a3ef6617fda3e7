import Crypto

/// A public Ed25519 key with a name, by which signed notes are checked (C2SP signed-note).
public struct NoteVerifier: Sendable {
    /// The signature type that C2SP gives Ed25519.
    static let algorithm: UInt8 = 0x01

    /// Whose key it is: a log's origin.
    public let name: String
    /// The 32 bytes of the key.
    public let publicKey: [UInt8]
    /// Tells keys of one name apart: the first four bytes of SHA-256(name ‖ "\n" ‖ 0x01 ‖ key).
    public let id: UInt32
    private let key: Curve25519.Signing.PublicKey

    /// Makes a verifier; nil where the name cannot stand in a note, or the key is none.
    public init?(name: String, publicKey: [UInt8]) {
        guard NoteVerifier.isName(name), let key = try? Curve25519.Signing.PublicKey(rawRepresentation: publicKey)
        else { return nil }
        self.name = name
        self.publicKey = publicKey
        self.key = key
        let named = Array(name.utf8) + [0x0A, NoteVerifier.algorithm] + publicKey
        id = SHA256.hash(data: named).prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// Reads a key as it is published: `<name>+<id in hexadecimal>+<base64 of 0x01 and the key>`; nil for anything else.
    public init?(_ text: String) {
        let parts = text.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[1].utf8.count == 8, let id = UInt32(parts[1], radix: 16),
            let bytes = Base64.decode(parts[2]), bytes.first == NoteVerifier.algorithm
        else { return nil }
        self.init(name: String(parts[0]), publicKey: Array(bytes.dropFirst()))
        guard self.id == id, self.description == text else { return nil }
    }

    /// Whether the key made a signature.
    func accepts(_ signature: [UInt8], for text: [UInt8]) -> Bool {
        key.isValidSignature(signature, for: text)
    }

    /// Whether a name can stand in a note: neither empty nor with white space or a plus sign.
    private static func isName(_ name: String) -> Bool {
        !name.isEmpty && !name.unicodeScalars.contains { $0.properties.isWhitespace || $0 == "+" || $0.value < 0x20 }
    }
}

extension NoteVerifier: CustomStringConvertible, Equatable {
    /// The key as it is published.
    public var description: String {
        "\(name)+\(shortID)+\(Base64.encode([NoteVerifier.algorithm] + publicKey))"
    }

    /// The id as eight hexadecimal digits.
    public var shortID: String {
        let hexadecimal = String(id, radix: 16)
        return String(repeating: "0", count: 8 - hexadecimal.count) + hexadecimal
    }

    /// Whether both are the same key of the same name.
    public static func == (a: NoteVerifier, b: NoteVerifier) -> Bool {
        a.name == b.name && a.publicKey == b.publicKey
    }
}
