import Crypto
import FoundationEssentials

/// A private Ed25519 key with a name, which signs notes (C2SP signed-note).
public struct NoteSigner: Sendable {
    /// The public half.
    public let verifier: NoteVerifier
    private let key: Curve25519.Signing.PrivateKey

    /// Makes a new key of a name; nil where the name cannot stand in a note.
    public init?(newKeyNamed name: String) {
        self.init(name: name, key: Curve25519.Signing.PrivateKey())
    }

    /// Takes over the 32 secret bytes of a key (RFC 8032's private key); nil where they are none, or the name cannot stand
    /// in a note.
    public init?(name: String, secret: [UInt8]) {
        guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: secret) else { return nil }
        self.init(name: name, key: key)
    }

    private init?(name: String, key: Curve25519.Signing.PrivateKey) {
        guard let verifier = NoteVerifier(name: name, publicKey: Array(key.publicKey.rawRepresentation)) else {
            return nil
        }
        self.verifier = verifier
        self.key = key
    }

    /// The 32 secret bytes.
    public var secret: [UInt8] { Array(key.rawRepresentation) }

    /// The line that says that this key signed a text, its line feed included.
    ///
    /// - Throws: `CryptoKitError` where the library cannot sign.
    public func signature(of text: String) throws -> String {
        let signature = try key.signature(for: Array(text.utf8))
        let id = withUnsafeBytes(of: verifier.id.bigEndian) { Array($0) }
        return "\(SignedNote.mark)\(verifier.name) \(Base64.encode(id + Array(signature)))\n"
    }
}
