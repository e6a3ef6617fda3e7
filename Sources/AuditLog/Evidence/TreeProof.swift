/// Proofs about the log's Merkle tree (RFC 6962 §2.1.1 and §2.1.2, the algorithms as in RFC 9162 §2.1.3 and §2.1.4).
public enum TreeProof {
    /// The path that proves that a leaf is in a tree.
    ///
    /// - Parameters:
    ///   - index: of the leaf, below `size`.
    ///   - root: gives the root over a run of leaves; asked for perfect subtrees and for ends of the tree.
    /// - Returns: the siblings' hashes, the leaf's own first.
    public static func inclusion<Failure: Error>(
        of index: UInt64, in size: UInt64, root: (Range<UInt64>) throws(Failure) -> TreeHash
    ) throws(Failure) -> [TreeHash] {
        var path: [TreeHash] = []
        var run = 0..<size
        while run.count > 1 {
            let middle = run.lowerBound + split(UInt64(run.count))
            if index < middle {
                path.append(try root(middle..<run.upperBound))
                run = run.lowerBound..<middle
            } else {
                path.append(try root(run.lowerBound..<middle))
                run = middle..<run.upperBound
            }
        }
        return path.reversed()
    }

    /// The path that proves that a tree began as an older one.
    ///
    /// - Parameters:
    ///   - old: the older tree's size, at most `size`; empty where it is 0 or `size`.
    ///   - root: as in ``inclusion(of:in:root:)``.
    public static func consistency<Failure: Error>(
        from old: UInt64, to size: UInt64, root: (Range<UInt64>) throws(Failure) -> TreeHash
    ) throws(Failure) -> [TreeHash] {
        guard old > 0, old < size else { return [] }
        var path: [TreeHash] = []
        var run = 0..<size
        // Whether the run begins with the old tree whole: then its root is known to whoever checks.
        var isOldTree = true
        while run.upperBound != old {
            let middle = run.lowerBound + split(UInt64(run.count))
            if old <= middle {
                path.append(try root(middle..<run.upperBound))
                run = run.lowerBound..<middle
            } else {
                path.append(try root(run.lowerBound..<middle))
                run = middle..<run.upperBound
                isOldTree = false
            }
        }
        if !isOldTree { path.append(try root(run)) }
        return path.reversed()
    }

    /// The root that a path gives for a leaf; nil where the path is too short or too long for the place.
    public static func root(of leaf: TreeHash, at index: UInt64, in size: UInt64, path: [TreeHash]) -> TreeHash? {
        guard index < size else { return nil }
        var (own, last, hash) = (index, size - 1, leaf)
        for sibling in path {
            guard last > 0 else { return nil }
            if own & 1 == 1 || own == last {
                hash = .node(sibling, hash)
                while own & 1 == 0, own != 0 {
                    own >>= 1
                    last >>= 1
                }
            } else {
                hash = .node(hash, sibling)
            }
            own >>= 1
            last >>= 1
        }
        return last == 0 ? hash : nil
    }

    /// Whether a path proves that the tree of `size` leaves and root `new` began as the one of `old` leaves.
    public static func isConsistent(
        from old: UInt64, _ oldRoot: TreeHash, to size: UInt64, _ newRoot: TreeHash, path: [TreeHash]
    ) -> Bool {
        if old == size { return path.isEmpty && oldRoot == newRoot }
        guard old < size else { return false }
        if old == 0 { return path.isEmpty && oldRoot == .empty }
        var rest = path[...]
        var (own, last) = (old - 1, size - 1)
        while own & 1 == 1 {
            own >>= 1
            last >>= 1
        }
        // A tree that is one perfect subtree is its own first node.
        guard let first = old.nonzeroBitCount == 1 ? oldRoot : rest.popFirst() else { return false }
        var (oldHash, newHash) = (first, first)
        for sibling in rest {
            guard last > 0 else { return false }
            if own & 1 == 1 || own == last {
                oldHash = .node(sibling, oldHash)
                newHash = .node(sibling, newHash)
                while own & 1 == 0, own != 0 {
                    own >>= 1
                    last >>= 1
                }
            } else {
                newHash = .node(newHash, sibling)
            }
            own >>= 1
            last >>= 1
        }
        return last == 0 && oldHash == oldRoot && newHash == newRoot
    }

    /// The largest power of two below `count`, which is at least 2: where a tree is divided.
    private static func split(_ count: UInt64) -> UInt64 {
        1 << UInt64(63 - (count - 1).leadingZeroBitCount)
    }
}
