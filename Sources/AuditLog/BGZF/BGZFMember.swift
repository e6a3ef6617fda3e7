/// One member of a BGZF file: a gzip member that says its own length.
///
/// Source: SAM specification, section 4.1. Subfield `BC` alone (XLEN = 6), or htslib's tools refuse the file.
enum BGZFMember {
    /// Bytes before the deflated data.
    static let headerSize = 18
    /// CRC-32 and length after it.
    static let trailerSize = 8
    /// The most plaintext that a member of ours holds: with stored blocks it still fits 64 KiB.
    static let maximumPlaintext = 65_280
    /// The most bytes of a member, by its 16-bit length field.
    static let maximumSize = 65_536
    /// The empty member that ends a sealed segment.
    static let endOfFile: [UInt8] = [
        0x1F, 0x8B, 0x08, 0x04, 0, 0, 0, 0, 0, 0xFF, 6, 0, 0x42, 0x43, 2, 0, 0x1B, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ]
    private static let fixed: [UInt8] = Array(endOfFile[..<16])

    /// The size of the member whose header stands at the start of `bytes`; nil when that is no strict header.
    static func size(header bytes: UnsafeRawBufferPointer) -> Int? {
        guard bytes.count >= headerSize, bytes[..<16].elementsEqual(fixed) else { return nil }
        let size = (Int(bytes[16]) | Int(bytes[17]) << 8) + 1
        return size >= endOfFile.count ? size : nil
    }

    /// Writes a header for a member of `size` bytes.
    static func writeHeader(size: Int, to bytes: UnsafeMutableRawBufferPointer) {
        bytes.copyBytes(from: fixed)
        bytes[16] = UInt8(truncatingIfNeeded: size - 1)
        bytes[17] = UInt8(truncatingIfNeeded: (size - 1) >> 8)
    }
}
