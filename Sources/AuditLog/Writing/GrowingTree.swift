/// The log's Merkle tree as the committer grows it: over all that is written, and as it was when all was durable last.
struct GrowingTree {
    /// The tree over what is written.
    private(set) var edge: TreeEdge
    private var durable: TreeEdge

    init(_ edge: TreeEdge) {
        self.edge = edge
        durable = edge
    }

    /// Adds lines that were written.
    mutating func append(_ lines: UnsafeRawBufferPointer) {
        edge.append(lines)
    }

    /// All that was added is durable.
    mutating func keep() {
        durable = edge
    }

    /// Forgets what was withdrawn; false where the tree of this size is not known.
    mutating func withdraw(to size: UInt64) -> Bool {
        if edge.size != size { edge = durable }
        return edge.size == size
    }
}
