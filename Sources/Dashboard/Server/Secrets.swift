import Crypto
import Events
import Synchronization

/// The browsers that have shown the token, and what proves that a form is ours; all of it lives as long as the process.
final class Secrets: Sendable {
    private static let mostSessions = 1_000
    private static let sessionMicroseconds: Int64 = 12 * 3_600_000_000

    private let key = SymmetricKey(size: .bits256)
    private let sessions = Mutex<[String: Timestamp]>([:])
    private let tokenDigest: [UInt8]?

    init(tokenDigest: [UInt8]?) {
        self.tokenDigest = tokenDigest
    }

    /// Whether pages ask for a token.
    var asksForToken: Bool { tokenDigest != nil }

    /// Whether this is the token; takes as long whether it is or not.
    func isToken(_ text: String) -> Bool {
        guard let tokenDigest else { return false }
        return Self.isSame(Array(SHA256.hash(data: Array(text.utf8))), tokenDigest)
    }

    /// A number that nobody can guess, 256 bits in hex.
    static func number() -> String {
        SymmetricKey(size: .bits256).withUnsafeBytes { hex($0) }
    }

    /// Opens a session for a browser that has shown the token.
    func openSession(now: Timestamp) -> String {
        let id = Self.number()
        sessions.withLock { sessions in
            sessions = sessions.filter { $0.value > now }
            if sessions.count >= Self.mostSessions, let oldest = sessions.min(by: { $0.value < $1.value }) {
                sessions[oldest.key] = nil
            }
            sessions[id] = now.advanced(by: Self.sessionMicroseconds)
        }
        return id
    }

    func isOpen(_ id: String, now: Timestamp) -> Bool {
        sessions.withLock { $0[id].map { $0 > now } ?? false }
    }

    func close(_ id: String) {
        sessions.withLock { $0[id] = nil }
    }

    /// What a form on a page of this browser must bring back.
    func csrf(of id: String) -> String {
        let code = HMAC<SHA256>.authenticationCode(for: Array("csrf \(id)".utf8), using: key)
        return code.withUnsafeBytes { Self.hex($0) }
    }

    /// Whether two texts are the same, in a time that does not tell where they differ.
    static func isSame(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        guard a.count == b.count else { return false }
        return zip(a, b).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    private static func hex(_ bytes: UnsafeRawBufferPointer) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
