/// The bounds a document must keep to be accepted.
public struct JSONLimits: Sendable {
    /// The most bytes a document may have.
    ///
    /// Values above 256 MiB count as 256 MiB, the most a tree can address.
    public var maximumBytes: Int
    /// The most containers that may be open at once; `[[1]]` needs 2.
    public var maximumDepth: Int
    /// What happens to an object that has one key twice.
    public var duplicateKeys: DuplicateKeys

    /// The size no limit can raise: member counts are kept in 28 bits.
    static let addressableBytes = 1 << 28

    /// Makes limits; the defaults are those of the gateway's envelope, 4 MiB and 64 levels, duplicate keys refused.
    public init(maximumBytes: Int = 4 << 20, maximumDepth: Int = 64, duplicateKeys: DuplicateKeys = .refuse) {
        self.maximumBytes = maximumBytes
        self.maximumDepth = maximumDepth
        self.duplicateKeys = duplicateKeys
    }
}

/// What to do about an object that has one key twice.
public enum DuplicateKeys: Sendable {
    /// Refuse the document, wherever in it the object stands. Keys are compared after unescaping.
    case refuse
    /// Accept; look-ups find the first. Use ``JSONTree/firstDuplicateKey(in:deep:)`` where it matters.
    case allow
}
