import StrictJSON

/// What a path leads to in one call's arguments.
enum Resolution {
    /// Nothing.
    case missing
    /// One value.
    case found(JSONNode)
    /// A key that differs only in case stands where the path's key is looked for: servers disagree about which counts.
    case ambiguous
}

/// All paths that some rules look at, as a tree over their segments, so that one walk over the arguments finds all.
final class PathTrie: Sendable {
    /// One segment.
    ///
    /// Nodes are in the order of a walk that goes down first: what is below a node follows it.
    struct Node: Sendable {
        /// The key's bytes in `bytes`, and behind them the same as readers that ignore case see them.
        var key: Range<Int>
        var folded: Range<Int>
        /// The index in a list that the segment means, -1 for none.
        var index: Int
        /// Past the nodes below this one.
        var end = 0
        /// Where the table of this node's children begins in `tables`, and its size less one; -1 without children.
        var table = 0
        var tableMask = -1
    }

    let nodes: [Node]
    let bytes: [UInt8]
    /// Children by hash of their folded keys; -1 marks a free place.
    let tables: [Int32]
    private let slots: [ArgumentPath: Int]

    init(_ paths: [ArgumentPath]) {
        var builder = PathTrieBuilder()
        let distinct = Set(paths.map(\.segments)).sorted { left, right in
            left.lexicographicallyPrecedes(right) { $0.key.lexicographicallyPrecedes($1.key) }
        }
        for segments in distinct { builder.insert(segments) }
        builder.finish()
        nodes = builder.nodes
        bytes = builder.bytes
        tables = builder.tables
        slots = Dictionary(paths.map { ($0, builder.find($0.segments)) }, uniquingKeysWith: { first, _ in first })
    }

    /// How many values a walk yields.
    var count: Int { nodes.count }
    /// Whether no path is looked at.
    var isEmpty: Bool { nodes.count == 1 }

    /// Where the value of a path stands among those of a walk.
    func slot(_ path: ArgumentPath) -> Int { slots[path] ?? 0 }

    /// Finds the values of all paths.
    ///
    /// - Parameter values: room for `count` values, all `missing`.
    func resolve(_ arguments: JSONNode, in tree: JSONTree, into values: UnsafeMutableBufferPointer<Resolution>) {
        nodes.withUnsafeBufferPointer { nodes in
            bytes.withUnsafeBufferPointer { bytes in
                tables.withUnsafeBufferPointer { tables in
                    PathWalk(nodes: nodes, bytes: bytes, tables: tables, values: values).visit(0, arguments, tree)
                }
            }
        }
    }
}

/// Lays out a trie.
private struct PathTrieBuilder {
    var nodes = [PathTrie.Node(key: 0..<0, folded: 0..<0, index: -1)]
    var bytes: [UInt8] = []
    var tables: [Int32] = []
    private var children: [[Int]] = [[]]

    /// - Parameter segments: paths come sorted, so that what is below a node follows it.
    mutating func insert(_ segments: [ArgumentPath.Segment]) {
        var at = 0
        for segment in segments {
            if let child = child(of: at, segment) {
                at = child
                continue
            }
            let start = bytes.count
            bytes += segment.key
            let middle = bytes.count
            bytes += FoldedKey.folded(segment.key)
            let node = PathTrie.Node(
                key: start..<middle, folded: middle..<bytes.count, index: segment.index ?? -1)
            nodes.append(node)
            children.append([])
            children[at].append(nodes.count - 1)
            at = nodes.count - 1
        }
    }

    func find(_ segments: [ArgumentPath.Segment]) -> Int {
        segments.reduce(0) { at, segment in child(of: at, segment) ?? 0 }
    }

    private func child(of node: Int, _ segment: ArgumentPath.Segment) -> Int? {
        children[node].first { bytes[nodes[$0].key].elementsEqual(segment.key) }
    }

    /// Writes the ends of subtrees and the tables of children.
    mutating func finish() {
        for node in nodes.indices.reversed() {
            nodes[node].end = children[node].last.map { nodes[$0].end } ?? node + 1
            guard !children[node].isEmpty else { continue }
            var size = 2
            while size < 2 * children[node].count { size *= 2 }
            nodes[node].table = tables.count
            nodes[node].tableMask = size - 1
            tables.append(contentsOf: repeatElement(-1, count: size))
            for child in children[node] {
                var key = FoldedKey()
                for byte in bytes[nodes[child].folded] { key.combine(byte) }
                var place = key.hash & (size - 1)
                while tables[nodes[node].table + place] >= 0 { place = (place + 1) & (size - 1) }
                tables[nodes[node].table + place] = Int32(child)
            }
        }
    }
}

/// Hashes keys as readers that ignore case see them.
struct FoldedKey {
    private var state: UInt32 = 0x811C_9DC5

    /// Takes one byte in (FNV-1a, 32 bits).
    ///
    /// Only policies put keys into a table, so nobody can fill one with collisions.
    @inline(__always)
    mutating func combine(_ byte: UInt8) {
        state = (state ^ UInt32(byte)) &* 0x0100_0193
    }

    var hash: Int { Int(state ^ state >> 15) }

    /// An ASCII byte folded.
    @inline(__always)
    static func fold(_ byte: UInt8) -> UInt8 {
        byte &- 0x41 < 26 ? byte | 0x20 : byte
    }

    /// The bytes of a key with every scalar folded.
    static func folded(_ utf8: [UInt8]) -> [UInt8] {
        var folded: [UInt8] = []
        for scalar in String(decoding: utf8, as: UTF8.self).unicodeScalars {
            folded.append(contentsOf: UTF8.encode(scalar.simplyFolded) ?? .init())
        }
        return folded
    }
}
