import Testing

@testable import AuditLog

/// The Merkle tree against a naive one, and its proofs against every change of their parts.
struct TreeTests {
    private static let leaves: [TreeHash] = (0..<130).map { number in
        Array("line \(number)".utf8).withUnsafeBytes { TreeHash.leaf($0) }
    }

    /// RFC 6962 §2.1 word for word.
    private static func naive(_ run: Range<UInt64>) -> TreeHash {
        let count = Int(run.count)
        if count == 0 { return .empty }
        if count == 1 { return leaves[Int(run.lowerBound)] }
        var split: UInt64 = 1
        while split * 2 < UInt64(count) { split *= 2 }
        return .node(naive(run.lowerBound..<run.lowerBound + split), naive(run.lowerBound + split..<run.upperBound))
    }

    @Test func hashesAreThoseOfTheStandard() {
        let hex = { (hash: TreeHash) in hash.bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
        // Certificate Transparency's reference vectors: the empty tree, the empty leaf, and the tree of its eight leaves.
        #expect(hex(.empty) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(
            hex(TreeHash.leaf(UnsafeRawBufferPointer(start: nil, count: 0)))
                == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d")
        let inputs: [[UInt8]] = [
            [], [0x00], [0x10], [0x20, 0x21], [0x30, 0x31], [0x40, 0x41, 0x42, 0x43],
            [0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
            [
                0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f,
            ],
        ]
        var edge = TreeEdge()
        for input in inputs { edge.append(input.withUnsafeBytes { TreeHash.leaf($0) }) }
        #expect(hex(edge.root) == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")
    }

    @Test func theProcessorsHashesAreCryptos() {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<3000).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        for count in 0...bytes.count where count < 400 || count % 61 == 0 {
            bytes.withUnsafeBytes { bytes in
                let line = UnsafeRawBufferPointer(rebasing: bytes[..<count])
                #expect(TreeHash.leaf(line) == TreeHash.hashPortably(0x00, line), "\(count) bytes")
                for other in [0, 54, 55, 62, 63, 64, 126, 127, 190, count] {
                    let second = UnsafeRawBufferPointer(rebasing: bytes[(bytes.count - other)...])
                    let (a, b) = TreeHash.leaves(line, second)
                    #expect(a == TreeHash.leaf(line) && b == TreeHash.leaf(second), "\(count) and \(other) bytes")
                }
            }
        }
        for _ in 0..<100 {
            let two = (0..<2).map { _ in
                bytes.shuffled().prefix(32).withUnsafeBytes { TreeHash.leaf($0) }
            }
            (two[0].bytes + two[1].bytes).withUnsafeBytes { both in
                #expect(TreeHash.node(two[0], two[1]) == TreeHash.hashPortably(0x01, both))
            }
        }
    }

    @Test func edgesHaveTheNaiveTreesRoots() {
        var edge = TreeEdge()
        #expect(edge.root == .empty)
        for (count, leaf) in TreeTests.leaves.enumerated() {
            var nodes: [(Int, UInt64, TreeHash)] = []
            edge.append(leaf) { nodes.append(($0, $1, $2)) }
            #expect(edge.root == TreeTests.naive(0..<UInt64(count + 1)))
            for (level, index, root) in nodes {
                #expect(root == TreeTests.naive(index << UInt64(level)..<(index + 1) << UInt64(level)))
            }
            #expect(TreeEdge(size: edge.size, roots: edge.roots) == edge)
            #expect(TreeEdge(size: edge.size + 2, roots: edge.roots + edge.roots + [leaf]) == nil)
        }
    }

    @Test func everyLeafOfEveryTreeIsProved() {
        for size in UInt64(1)...70 {
            let root = TreeTests.naive(0..<size)
            for index in 0..<size {
                let path = TreeProof.inclusion(of: index, in: size) { TreeTests.naive($0) }
                let leaf = TreeTests.leaves[Int(index)]
                #expect(TreeProof.root(of: leaf, at: index, in: size, path: path) == root)
                #expect(TreeProof.root(of: leaf, at: index, in: size, path: path + [leaf]) == nil)
                #expect(TreeProof.root(of: leaf, at: index, in: size, path: path.dropLast()) != root || path.isEmpty)
                #expect(TreeProof.root(of: TreeTests.leaves[100], at: index, in: size, path: path) != root)
                #expect(TreeProof.root(of: leaf, at: size, in: size, path: path) == nil)
                let other = (index + 1) % size
                #expect(other == index || TreeProof.root(of: leaf, at: other, in: size, path: path) != root)
            }
        }
    }

    @Test func everyPairOfTreesIsConsistent() {
        for size in UInt64(0)...70 {
            let root = TreeTests.naive(0..<size)
            for old in 0...size {
                let oldRoot = TreeTests.naive(0..<old)
                let path = TreeProof.consistency(from: old, to: size) { TreeTests.naive($0) }
                #expect(TreeProof.isConsistent(from: old, oldRoot, to: size, root, path: path), "\(old) → \(size)")
                guard old > 0, old < size else { continue }
                let wrong = TreeTests.leaves[100]
                #expect(!TreeProof.isConsistent(from: old, wrong, to: size, root, path: path))
                #expect(!TreeProof.isConsistent(from: old, oldRoot, to: size, wrong, path: path))
                #expect(!TreeProof.isConsistent(from: old, oldRoot, to: size, root, path: path.dropLast()))
                #expect(!TreeProof.isConsistent(from: old, oldRoot, to: size, root, path: path + [wrong]))
                for place in path.indices {
                    var bent = path
                    bent[place] = wrong
                    #expect(!TreeProof.isConsistent(from: old, oldRoot, to: size, root, path: bent))
                }
            }
        }
    }
}
