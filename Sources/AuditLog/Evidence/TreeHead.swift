/// What a log commits itself to: how many records it has, and the root over them (C2SP tlog-checkpoint).
public struct TreeHead: Sendable, Equatable {
    /// The log's name for the world; its keys have the same.
    public let origin: String
    /// How many records.
    public let size: UInt64
    /// The Merkle tree's root over their lines.
    public let root: TreeHash

    /// Makes a head.
    public init(origin: String, size: UInt64, root: TreeHash) {
        self.origin = origin
        self.size = size
        self.root = root
    }

    /// Reads the text of a checkpoint; nil for anything else.
    ///
    /// Further lines, which C2SP allows, are passed over.
    public init?(text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count >= 4, lines.last == "", !lines[0].isEmpty, let size = UInt64(lines[1]),
            String(size) == lines[1], let bytes = Base64.decode(lines[2]), let root = TreeHash(bytes),
            lines[3...].dropLast().allSatisfy({ !$0.isEmpty })
        else { return nil }
        self.init(origin: String(lines[0]), size: size, root: root)
    }

    /// The checkpoint's text, as it is signed.
    public var text: String {
        "\(origin)\n\(size)\n\(Base64.encode(root.bytes))\n"
    }

    /// The checkpoint, signed: what is published.
    ///
    /// - Throws: `CryptoKitError` where the library cannot sign.
    public func note(signedBy signer: NoteSigner) throws -> String {
        "\(text)\n\(try signer.signature(of: text))"
    }
}
