/// What a log goes on from after a restart: its newest signed head, with the tree's right edge in further lines of the note.
///
/// The head's root follows from the edge, so an edge that belongs to another head is refused.
public struct Checkpoint: Sendable, Equatable {
    /// How a further line begins that holds one root of the edge, the largest subtree's first.
    private static let mark = "edge "

    /// The head.
    public let head: TreeHead
    /// The right edge of the tree of the head's size.
    public let edge: TreeEdge

    /// Makes a checkpoint of a log's tree.
    public init(origin: String, edge: TreeEdge) {
        head = TreeHead(origin: origin, size: edge.size, root: edge.root)
        self.edge = edge
    }

    /// Reads the text of a note; nil where it is no head, or its further lines are not the edge of the head's tree.
    public init?(text: String) {
        guard let head = TreeHead(text: text) else { return nil }
        var roots: [TreeHash] = []
        for line in text.split(separator: "\n").dropFirst(3) where line.hasPrefix(Checkpoint.mark) {
            guard let bytes = Base64.decode(line.dropFirst(Checkpoint.mark.count)), let root = TreeHash(bytes) else {
                return nil
            }
            roots.append(root)
        }
        guard let edge = TreeEdge(size: head.size, roots: roots), edge.root == head.root else { return nil }
        self.head = head
        self.edge = edge
    }

    /// Reads a checkpoint; nil where there is none of this log, or none that one of the keys has signed.
    static func read(
        _ path: String, of origin: String, on files: any LogFileSystem, signedBy keys: [NoteVerifier]
    ) -> Checkpoint? {
        guard let bytes = try? files.contents(of: path), let text = String(validating: bytes, as: UTF8.self),
            let note = SignedNote(text), keys.contains(where: { note.isSigned(by: $0) }),
            let checkpoint = Checkpoint(text: note.text), checkpoint.head.origin == origin
        else { return nil }
        return checkpoint
    }

    /// The text that is signed.
    public var text: String {
        edge.roots.reduce(into: head.text) { $0 += "\(Checkpoint.mark)\(Base64.encode($1.bytes))\n" }
    }

    /// The signed note: the file `checkpoint`.
    ///
    /// - Throws: `CryptoKitError` where the library cannot sign.
    func note(signedBy signer: NoteSigner) throws -> String {
        "\(text)\n\(try signer.signature(of: text))"
    }
}
