public import Events

/// All grants by the digest of their tokens.
///
/// Tokens are found by the first 8 bytes of their SHA-256 and compared in constant time over all 32: what a caller
/// could measure is about a digest, which says nothing of the token.
public struct GrantTable: Sendable {
    /// What a token is.
    public enum Lookup: Sendable, Equatable {
        /// It opens this grant.
        case grant(Grant)
        /// It was revoked, or replaced by another of the same grant.
        case revoked(id: String)
        /// Its time is over.
        case expired(id: String)
        /// Nobody's.
        case unknown
    }

    private enum Entry {
        case grant(Int)
        case revoked(Int)
    }

    /// The grants, in the order of their making.
    public let grants: [Grant]
    /// The tokens that no longer open anything.
    public let revoked: [RevokedGrant]
    private var entries: [UInt64: [Entry]] = [:]
    private var byID: [String: Int] = [:]

    /// Makes a table.
    ///
    /// A token that is granted and revoked is revoked.
    public init(_ grants: [Grant] = [], revoked: [RevokedGrant] = []) {
        self.grants = grants
        self.revoked = revoked
        for (index, entry) in revoked.enumerated() {
            entries[GrantTable.key(entry.tokenSHA256), default: []].append(.revoked(index))
        }
        for (index, grant) in grants.enumerated() {
            entries[GrantTable.key(grant.tokenSHA256), default: []].append(.grant(index))
            byID[grant.id] = index
        }
    }

    /// Finds what a token is.
    ///
    /// - Parameters:
    ///   - tokenHash: the SHA-256 of the token's bytes, 32 bytes (``TokenDigest/hash(_:)-(UnsafeRawBufferPointer)``).
    ///   - now: the present moment, by which grants expire.
    public func look(up tokenHash: [UInt8], now: Timestamp) -> Lookup {
        for entry in entries[GrantTable.key(tokenHash)] ?? [] {
            switch entry {
            case .revoked(let index):
                guard TokenDigest.areEqual(revoked[index].tokenSHA256, tokenHash) else { continue }
                return .revoked(id: revoked[index].id)
            case .grant(let index):
                let grant = grants[index]
                guard TokenDigest.areEqual(grant.tokenSHA256, tokenHash) else { continue }
                if let expires = grant.expires, expires <= now { return .expired(id: grant.id) }
                return .grant(grant)
            }
        }
        return .unknown
    }

    /// The grant of an id.
    public func grant(id: String) -> Grant? {
        byID[id].map { grants[$0] }
    }

    private static func key(_ hash: [UInt8]) -> UInt64 {
        hash.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}
