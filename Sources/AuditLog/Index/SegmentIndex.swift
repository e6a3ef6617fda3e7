import Events

/// The index of one segment, `seg/<seq>.idx`: derived, rebuildable, a hint; what it says is checked before it is used.
///
/// A header of 64 bytes, then an entry for each member with lines, in order. Of the active segment it holds what is synced,
/// some members late, and its header names no size. It does not replace the members' own checks: whoever seeks looks at the
/// member itself, and whoever finds the index wrong goes on without.
struct SegmentIndex {
    /// Bytes before the first entry.
    static let headerSize = 64
    private static let magic: UInt64 = 0x3130_5844_4947_4C54  // "TLGIDX01", little-endian

    /// What an index says of its segment.
    struct Header: Equatable {
        /// The segment's first seq.
        var first: UInt64
        /// Bytes of the sealed segment; 0 while it is not sealed.
        var segmentBytes: Int
        /// SHA-256 of the sealed segment's bytes; of no use while it is not sealed.
        var digest: TreeHash?

        func append(to bytes: inout LineBuffer) {
            let start = bytes.count
            for word in [SegmentIndex.magic, first, UInt64(segmentBytes)] {
                withUnsafeBytes(of: word.littleEndian) { bytes.append($0) }
            }
            let none = [UInt8](repeating: 0, count: TreeHash.byteCount)
            (digest?.bytes ?? none).withUnsafeBytes { bytes.append($0) }
            let check = IndexEntry.crc(UnsafeRawBufferPointer(rebasing: bytes.bytes[start...]))
            withUnsafeBytes(of: UInt64(check).littleEndian) { bytes.append($0) }
        }

        init(first: UInt64, segmentBytes: Int = 0, digest: TreeHash? = nil) {
            self.first = first
            self.segmentBytes = segmentBytes
            self.digest = digest
        }

        init?(_ bytes: UnsafeRawBufferPointer) {
            let word = { (index: Int) in
                UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
            }
            guard bytes.count >= SegmentIndex.headerSize, word(0) == SegmentIndex.magic,
                word(7) == UInt64(IndexEntry.crc(UnsafeRawBufferPointer(rebasing: bytes[..<56]))),
                word(2) <= UInt64(Int32.max) << 8
            else { return nil }
            first = word(1)
            segmentBytes = Int(word(2))
            digest = segmentBytes > 0 ? TreeHash(bytes[24..<56]) : nil
        }
    }

    private let file: any LogFile
    let header: Header
    /// Whole entries.
    let count: Int

    /// Opens a segment's index; nil where there is none that can be one.
    ///
    /// - Parameter bytes: what the open segment holds: a sealed segment's index of another size is another file's.
    init?(_ log: LogDirectory, segment first: UInt64, bytes: Int, _ files: any LogFileSystem) {
        guard let file = try? files.open(log.indexPath(first), .read), let size = try? file.size(),
            let start = try? file.bytes(0..<SegmentIndex.headerSize),
            let header = start.withUnsafeBytes({ Header($0) }), header.first == first,
            header.segmentBytes == 0 || header.segmentBytes == bytes
        else { return nil }
        self.file = file
        self.header = header
        count = max(0, size - SegmentIndex.headerSize) / IndexEntry.size
    }

    /// Whether a file stands in an index's place that is none of this segment.
    static func isNone(_ log: LogDirectory, segment first: UInt64, _ files: any LogFileSystem) -> Bool {
        guard let bytes = try? files.contents(of: log.indexPath(first)) else { return false }
        return bytes.withUnsafeBytes({ Header($0) })?.first != first
    }

    /// One entry; nil where it is damaged.
    subscript(index: Int) -> IndexEntry? {
        let start = SegmentIndex.headerSize + index * IndexEntry.size
        guard index >= 0, index < count, let bytes = try? file.bytes(start..<start + IndexEntry.size),
            bytes.count == IndexEntry.size
        else { return nil }
        return bytes.withUnsafeBytes { IndexEntry($0) }
    }

    /// The last entry that satisfies `isBefore`, by halving: entries are in order, so all before it do too.
    ///
    /// - Returns: the entry and its place; nil where there is none, or one that was looked at is damaged.
    func last(where isBefore: (IndexEntry) -> Bool) -> (place: Int, entry: IndexEntry)? {
        var (low, high) = (0, count)
        var found: (place: Int, entry: IndexEntry)?
        while low < high {
            let middle = (low + high) / 2
            guard let entry = self[middle] else { return nil }
            if isBefore(entry) {
                found = (middle, entry)
                low = middle + 1
            } else {
                high = middle
            }
        }
        return found
    }

    /// All entries, up to the first damaged one, and whether there was one.
    func entries() -> (entries: [IndexEntry], isDamaged: Bool) {
        let end = SegmentIndex.headerSize + count * IndexEntry.size
        guard let bytes = try? file.bytes(SegmentIndex.headerSize..<end) else { return ([], true) }
        return bytes.withUnsafeBytes { raw in
            var entries: [IndexEntry] = []
            entries.reserveCapacity(count)
            for start in stride(from: 0, to: raw.count - IndexEntry.size + 1, by: IndexEntry.size) {
                guard let entry = IndexEntry(UnsafeRawBufferPointer(rebasing: raw[start..<start + IndexEntry.size]))
                else { return (entries, true) }
                entries.append(entry)
            }
            return (entries, false)
        }
    }
}
