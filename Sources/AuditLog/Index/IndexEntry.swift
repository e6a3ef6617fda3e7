import CZlib
import Events

/// What an index says of one member of a segment: 56 bytes, little-endian.
struct IndexEntry: Equatable {
    /// Bytes of an entry in the file.
    static let size = 56

    /// The first line's seq.
    var firstSeq: UInt64
    /// Where the member begins in the segment, in bytes.
    var offset: Int
    /// The first line's time.
    var firstTimestamp: Timestamp
    /// The latest time in the segment up to this member's end.
    var lastTimestamp: Timestamp
    /// Lines.
    var count: Int
    /// Bytes of the member.
    var memberBytes: Int
    /// Bytes of its lines.
    var plaintextBytes: Int
    /// CRC-32 of the member's bytes as they stand in the file: finds what inflates to the same lines.
    var crc: UInt32

    /// The seq behind the last line's.
    var nextSeq: UInt64 { firstSeq + UInt64(count) }
    /// Where the member ends in the segment, in bytes.
    var end: Int { offset + memberBytes }

    /// The CRC-32 of bytes, as zlib computes it.
    static func crc(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        UInt32(truncatingIfNeeded: crc32(0, bytes.bindMemory(to: UInt8.self).baseAddress, UInt32(bytes.count)))
    }

    /// Appends the entry as it stands in the file; its last eight bytes are a CRC-32 of the others, and zeros.
    func append(to bytes: inout LineBuffer) {
        let start = bytes.count
        for word in [firstSeq, UInt64(offset), UInt64(bitPattern: firstTimestamp.microseconds)] {
            IndexEntry.append(word, to: &bytes)
        }
        IndexEntry.append(UInt64(bitPattern: lastTimestamp.microseconds), to: &bytes)
        IndexEntry.append(UInt64(count) | UInt64(memberBytes) << 32, to: &bytes)
        IndexEntry.append(UInt64(plaintextBytes) | UInt64(crc) << 32, to: &bytes)
        let check = IndexEntry.crc(UnsafeRawBufferPointer(rebasing: bytes.bytes[start...]))
        IndexEntry.append(UInt64(check), to: &bytes)
    }

    /// Reads an entry; nil where its check is wrong.
    ///
    /// - Parameter bytes: 56 of them.
    init?(_ bytes: UnsafeRawBufferPointer) {
        let word = { (index: Int) in
            UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
        }
        let check = IndexEntry.crc(UnsafeRawBufferPointer(rebasing: bytes[..<(IndexEntry.size - 8)]))
        guard word(6) == UInt64(check), word(1) <= UInt64(Int32.max) << 8 else { return nil }
        firstSeq = word(0)
        offset = Int(word(1))
        firstTimestamp = Timestamp(microseconds: Int64(bitPattern: word(2)))
        lastTimestamp = Timestamp(microseconds: Int64(bitPattern: word(3)))
        count = Int(word(4) & 0xFFFF_FFFF)
        memberBytes = Int(word(4) >> 32)
        plaintextBytes = Int(word(5) & 0xFFFF_FFFF)
        crc = UInt32(word(5) >> 32)
    }

    /// Describes a member by its bytes and its lines.
    ///
    /// - Parameters:
    ///   - lines: whole lines, each with its line feed; how many is counted unless `count` says so.
    ///   - latest: the latest time in the segment before it.
    init?(
        member: UnsafeRawBufferPointer, at offset: Int, lines: UnsafeRawBufferPointer, count: Int? = nil,
        latest: Timestamp? = nil
    ) {
        guard let first = LineScan.head(LineScan.firstLine(of: lines)),
            let last = LineScan.head(LineScan.lastLine(of: lines))
        else { return nil }
        firstSeq = first.seq
        self.offset = offset
        firstTimestamp = first.timestamp
        lastTimestamp = latest.map { max($0, last.timestamp) } ?? last.timestamp
        self.count = count ?? LineScan.count(lines)
        memberBytes = member.count
        plaintextBytes = lines.count
        crc = IndexEntry.crc(member)
    }

    private static func append(_ word: UInt64, to bytes: inout LineBuffer) {
        withUnsafeBytes(of: word.littleEndian) { bytes.append($0) }
    }
}
