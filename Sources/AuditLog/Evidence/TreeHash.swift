import CDigest
import Crypto

/// A SHA-256 hash of the log's Merkle tree (RFC 6962 §2.1).
public struct TreeHash: Sendable, Hashable {
    // Four words rather than an array: an edge of forty of them is copied with every head.
    private let words: (UInt64, UInt64, UInt64, UInt64)

    /// Bytes of a hash.
    public static let byteCount = 32

    /// Takes over 32 bytes; nil where there are more or fewer.
    public init?(_ bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        guard bytes.count == TreeHash.byteCount else { return nil }
        self.init(bytes.withUnsafeBytes { $0 })
    }

    /// - Parameter bytes: 32 of them.
    private init(_ bytes: UnsafeRawBufferPointer) {
        let word = { (index: Int) in bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self) }
        words = (word(0), word(1), word(2), word(3))
    }

    init(_ digest: SHA256.Digest) {
        self = digest.withUnsafeBytes { TreeHash($0) }
    }

    /// The hash of the tree without leaves: SHA-256 of nothing.
    public static let empty = TreeHash(SHA256.hash(data: [UInt8]()))

    /// The leaf of a seq whose record is gone and was never covered by a head: the hash of no bytes.
    static let nothing = leaf(UnsafeRawBufferPointer(start: nil, count: 0))

    /// The hash of a leaf: SHA-256(0x00 ‖ line), the line without its line feed.
    public static func leaf(_ line: UnsafeRawBufferPointer) -> TreeHash {
        hash(0x00, line)
    }

    /// The hashes of two leaves, side by side: sooner than one after the other (`Measure`, `two leaves`).
    public static func leaves(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> (TreeHash, TreeHash) {
        guard hasInstructions else { return (leaf(a), leaf(b)) }
        return withUnsafeTemporaryAllocation(byteCount: 2 * byteCount, alignment: 8) { out in
            digest_sha256_two(
                0x00, a.assumingMemoryBound(to: UInt8.self).baseAddress, a.count,
                b.assumingMemoryBound(to: UInt8.self).baseAddress, b.count, out.baseAddress)
            return (
                TreeHash(UnsafeRawBufferPointer(rebasing: out[..<byteCount])),
                TreeHash(UnsafeRawBufferPointer(rebasing: out[byteCount...]))
            )
        }
    }

    /// The hash of an inner node: SHA-256(0x01 ‖ left ‖ right).
    public static func node(_ left: TreeHash, _ right: TreeHash) -> TreeHash {
        withUnsafeBytes(of: (left.words, right.words)) { hash(0x01, $0) }
    }

    /// A leaf and a node for each record: Crypto makes an object for each hash, which cost three times the hash itself.
    private static let hasInstructions = digest_has_sha256()

    private static func hash(_ first: UInt8, _ bytes: UnsafeRawBufferPointer) -> TreeHash {
        guard hasInstructions else { return hashPortably(first, bytes) }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: byteCount) { out in
            digest_sha256(first, bytes.assumingMemoryBound(to: UInt8.self).baseAddress, bytes.count, out.baseAddress)
            return TreeHash(UnsafeRawBufferPointer(out))
        }
    }

    /// The same by Crypto, for processors without the instructions.
    static func hashPortably(_ first: UInt8, _ bytes: UnsafeRawBufferPointer) -> TreeHash {
        var hash = SHA256()
        withUnsafeBytes(of: first) { hash.update(bufferPointer: $0) }
        hash.update(bufferPointer: bytes)
        return TreeHash(hash.finalize())
    }

    /// The 32 bytes as 64 hexadecimal digits.
    var hexadecimal: String { bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }

    /// The 32 bytes.
    public var bytes: [UInt8] { withUnsafeBytes(of: words) { Array($0) } }

    /// Whether all bytes are the same.
    public static func == (a: TreeHash, b: TreeHash) -> Bool { a.words == b.words }

    /// A hash of a hash: half of it does.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
    }
}
