import Events

/// From where on recovery has to read the active segment: behind the last member that a signed head covers.
///
/// Everything before is evidence that `log verify` checks; a writer that reads it all at each start would take longer the
/// longer its segment is. Without a usable index it begins at the segment's beginning.
struct TrustedStart {
    /// Where the first member to be read begins, in bytes.
    var offset = 0
    /// The seq of its first line.
    var nextSeq: UInt64
    /// The latest time before it.
    var latest: Timestamp?
    /// Entries of the index before it.
    var entries = 0

    /// - Parameters:
    ///   - bytes: what the segment's file holds.
    ///   - signedSize: how many records the newest head covers.
    init(
        _ log: LogDirectory, segment first: UInt64, bytes: Int, signedSize: UInt64, _ cursor: SegmentCursor,
        _ files: any LogFileSystem
    ) throws(SystemError) {
        nextSeq = first
        guard signedSize > first, let index = SegmentIndex(log, segment: first, bytes: bytes, files),
            index.header.segmentBytes == 0,
            let (place, entry) = index.last(where: { $0.nextSeq <= signedSize && $0.end <= bytes })
        else { return }
        // The index is a hint: the member itself has to say the same, to the last line.
        cursor.seek(to: entry.offset)
        guard case .block(let start, let size, let plaintext) = try cursor.next(limit: bytes) else { return }
        let found = try cursor.withMember(at: start, size: size) { member in
            plaintext.withUnsafeBytes { IndexEntry(member: member, at: start, lines: $0) }
        }
        guard let found = found ?? nil, found == entry else { return }
        offset = entry.end
        nextSeq = entry.nextSeq
        latest = entry.lastTimestamp
        entries = place + 1
    }
}
