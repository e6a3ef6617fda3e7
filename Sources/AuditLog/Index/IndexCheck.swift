/// Holds the members of a segment against its index, one after the other.
///
/// Deflated bytes can be changed so that they inflate to the same lines: only a checksum of the bytes themselves tells.
struct IndexCheck {
    private var entries: [IndexEntry] = []
    private var next = 0
    /// Whether the index itself is damaged, or is none: it is derived, so that is no fault of the log.
    private(set) var isDamaged = false

    init(_ log: LogDirectory, segment first: UInt64, bytes: Int, _ files: any LogFileSystem) {
        guard let index = SegmentIndex(log, segment: first, bytes: bytes, files) else {
            // While a segment is being sealed, its index is another file's for a moment.
            isDamaged = SegmentIndex.isNone(log, segment: first, files)
            return
        }
        let found = index.entries()
        entries = found.entries
        isDamaged = found.isDamaged
    }

    /// Whether the index knows other bytes at this place; false where it knows none.
    mutating func differs(_ member: UnsafeRawBufferPointer, at offset: Int) -> Bool {
        while next < entries.count, entries[next].offset < offset { next += 1 }
        guard next < entries.count, entries[next].offset == offset, entries[next].memberBytes == member.count else {
            return false
        }
        return entries[next].crc != IndexEntry.crc(member)
    }
}
