import Foundation

/// Which pieces a kept memory consists of: for each the side on which it stands, 0 or 1, and its checksum.
struct PieceList {
    /// Nine bytes for each piece.
    private(set) var bytes: Data

    init(_ bytes: Data) {
        self.bytes = bytes
    }

    /// How many there are.
    var count: Int { bytes.count / 9 }

    subscript(index: Int) -> (side: Int, checksum: UInt64) {
        bytes.withUnsafeBytes { raw in
            (Int(raw[9 * index] & 1), raw.loadUnaligned(fromByteOffset: 9 * index + 1, as: UInt64.self))
        }
    }

    mutating func append(side: Int, checksum: UInt64) {
        bytes.append(UInt8(side))
        withUnsafeBytes(of: checksum) { bytes.append(contentsOf: $0) }
    }
}
