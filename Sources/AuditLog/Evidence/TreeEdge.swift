/// The right edge of the log's Merkle tree: all that is needed to go on appending, and to tell the root.
///
/// The roots of the perfect subtrees that the leaves so far make up, the largest first: one for each 1 in the binary
/// form of the tree's size.
public struct TreeEdge: Sendable, Equatable {
    /// How many leaves there are.
    public private(set) var size: UInt64
    /// The roots, the largest subtree's first.
    public private(set) var roots: [TreeHash]

    /// The edge of a tree without leaves.
    public init() {
        size = 0
        roots = []
    }

    /// Takes over an edge; nil where a tree of this size has another number of roots.
    public init?(size: UInt64, roots: [TreeHash]) {
        guard size.nonzeroBitCount == roots.count else { return nil }
        self.size = size
        self.roots = roots
    }

    /// Adds a leaf.
    ///
    /// - Parameter completed: called for each subtree that the leaf completes, the smallest first: its level (a leaf's is
    ///   0), its index among those of its level, and its root.
    public mutating func append(_ leaf: TreeHash, completed: (Int, UInt64, TreeHash) -> Void = { _, _, _ in }) {
        var root = leaf
        var level = 0
        var index = size
        completed(0, index, root)
        // Each 1 at the end of the size is a subtree that the leaf completes.
        while index & 1 == 1, let left = roots.popLast() {
            root = .node(left, root)
            index >>= 1
            level += 1
            completed(level, index, root)
        }
        roots.append(root)
        size += 1
    }

    /// Adds a leaf for each of whole lines, two at a time.
    mutating func append(_ lines: UnsafeRawBufferPointer) {
        var first: UnsafeRawBufferPointer?
        LineScan.forEach(lines) { line in
            guard let held = first else { return first = line }
            let (a, b) = TreeHash.leaves(held, line)
            append(a)
            append(b)
            first = nil
        }
        if let first { append(.leaf(first)) }
    }

    /// The root of the whole tree.
    public var root: TreeHash {
        guard var root = roots.last else { return .empty }
        for left in roots.dropLast().reversed() { root = .node(left, root) }
        return root
    }
}
