/// Walks the members of one segment's file.
final class SegmentCursor {
    /// What stands at the cursor.
    enum Step {
        /// A whole, checked member with plaintext.
        case block(offset: Int, size: Int, plaintext: [UInt8])
        /// The empty member that ends a sealed segment.
        case endOfFile(offset: Int)
        /// The file ends here.
        case end
        /// Bytes that are no whole, valid member.
        case bad(offset: Int)
    }

    let file: any LogFile
    private let inflater: Inflater
    private(set) var offset: Int
    // A window of the file, so that small members do not cost a system call each.
    private var window: [UInt8] = []
    private var windowStart = 0
    private static let windowSize = 256 << 10

    init(_ file: any LogFile, at offset: Int = 0) throws(SystemError) {
        self.file = file
        self.offset = offset
        inflater = try Inflater()
    }

    /// Reads the member at the cursor and passes over it; looks no further than `limit` bytes into the file.
    func next(limit: Int) throws(SystemError) -> Step {
        guard offset < limit else { return .end }
        guard let size = try memberSize(at: offset, limit: limit) else { return .bad(offset: offset) }
        let start = offset
        guard let plaintext = try withBytes(start..<start + size, { inflater.plaintext(of: $0) }) ?? nil else {
            return .bad(offset: start)
        }
        offset += size
        guard !plaintext.isEmpty else { return size == 28 ? .endOfFile(offset: start) : .bad(offset: start) }
        return .block(offset: start, size: size, plaintext: plaintext)
    }

    /// The bytes of a member that `next` has just given.
    func withMember<R>(at offset: Int, size: Int, _ body: (UnsafeRawBufferPointer) -> R) throws(SystemError) -> R? {
        try withBytes(offset..<offset + size, body)
    }

    /// Moves to another member.
    func seek(to offset: Int) {
        self.offset = offset
    }

    /// Forgets what was read ahead.
    func forget() {
        window = []
    }

    /// The offset of the next valid member after the one at `start`, searching byte by byte; nil when there is none.
    func validMember(after start: Int, limit: Int) throws(SystemError) -> Int? {
        var candidate = start + 1
        while candidate + BGZFMember.endOfFile.count <= limit {
            if let size = try memberSize(at: candidate, limit: limit),
                try withBytes(candidate..<candidate + size, { inflater.plaintext(of: $0) }) ?? nil != nil
            {
                return candidate
            }
            candidate += 1
        }
        return nil
    }

    /// The offsets of all members from one on, up to the first that is no member, by their headers alone.
    func memberOffsets(from start: Int = 0, limit: Int) throws(SystemError) -> [Int] {
        var offsets: [Int] = []
        var position = start
        while let size = try memberSize(at: position, limit: limit) {
            if size > BGZFMember.endOfFile.count { offsets.append(position) }
            position += size
        }
        return offsets
    }

    /// The first bytes of a member's plaintext, unchecked.
    func prefix(ofMemberAt offset: Int, count: Int, limit: Int) throws(SystemError) -> [UInt8] {
        guard let size = try memberSize(at: offset, limit: limit) else { return [] }
        return try withBytes(offset..<offset + size) { inflater.prefix(of: $0, count: count) } ?? []
    }

    /// The size that the header at `position` says; nil where there is none, or it reaches beyond `limit`.
    func memberSize(at position: Int, limit: Int) throws(SystemError) -> Int? {
        let end = min(position + BGZFMember.headerSize, limit)
        guard end > position else { return nil }
        guard let size = try withBytes(position..<end, { BGZFMember.size(header: $0) }) ?? nil,
            position + size <= limit
        else { return nil }
        return size
    }

    private func withBytes<R>(
        _ range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> R
    ) throws(SystemError) -> R? {
        if range.lowerBound < windowStart || range.upperBound > windowStart + window.count {
            windowStart = range.lowerBound
            window = try file.bytes(
                range.lowerBound..<max(range.upperBound, range.lowerBound + SegmentCursor.windowSize))
        }
        guard range.upperBound <= windowStart + window.count else { return nil }
        return window.withUnsafeBytes { bytes in
            body(
                UnsafeRawBufferPointer(rebasing: bytes[range.lowerBound - windowStart..<range.upperBound - windowStart])
            )
        }
    }
}
