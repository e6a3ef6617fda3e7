import Events

/// Appends members to the active segment and begins new ones.
///
/// Used by the committer's thread only.
struct SegmentWriter: ~Copyable {
    /// What an error of ``sync()`` names: what was written before it is in the file.
    static let syncCall = "fdatasync"
    private let log: LogDirectory
    private let files: any LogFileSystem
    private var file: (any LogFile)?
    private(set) var size: Int
    /// Bytes of members written so far, to whichever segment.
    private(set) var written = 0
    private var durableSize: Int
    /// The active segment's first seq.
    private(set) var first: UInt64
    private var mustCut = false
    /// Whether the file that is written to stands at its place no more; it is put there again before anything else is
    /// written.
    private(set) var isDetached = false
    private let normal: Deflater
    private let hurried: Deflater
    private var members: LineBuffer
    private var index: IndexWriter

    /// Bytes of lines in one commit from which speed matters more than size.
    private let hurryBytes: Int

    init(
        _ log: LogDirectory, files: any LogFileSystem, hurryBytes: Int = LogOptions().hurryBytes
    ) throws(SystemError) {
        self.hurryBytes = hurryBytes
        let normal = try Deflater(level: 6)
        let hurried = try Deflater(level: 1)
        self.log = log
        self.files = files
        self.normal = normal
        self.hurried = hurried
        file = nil
        size = 0
        durableSize = 0
        first = 0
        members = LineBuffer(capacity: 128 << 10)
        index = IndexWriter(log, files)
    }

    /// Continues an existing segment at its end, and its index.
    mutating func resume(segment first: UInt64, _ known: KnownMembers) throws(SystemError) {
        let file = try files.open(log.segmentPath(first), .append)
        size = try file.size()
        durableSize = size
        self.file = file
        self.first = first
        index.resume(segment: first, keeping: known.kept, adding: known.read, latest: known.latest)
    }

    /// Compresses whole lines into members and writes them; the file is made with its first member.
    ///
    /// - Parameter next: the seq behind the last line's.
    mutating func write(_ lines: UnsafeRawBufferPointer, _ seq: UInt64, next: UInt64) throws(SystemError) {
        let deflater = lines.count > hurryBytes ? hurried : normal
        try cut()
        members.truncate(to: 0)
        var parts: [(lines: Range<Int>, member: Range<Int>)] = []
        var start = 0
        while start < lines.count {
            var end = min(start + BGZFMember.maximumPlaintext, lines.count)
            while end > start, lines[end - 1] != 0x0A { end -= 1 }
            guard end > start else { throw SystemError("deflate", "a line over 64 KiB", 75) }
            let memberStart = members.count
            try deflater.append(UnsafeRawBufferPointer(rebasing: lines[start..<end]), to: &members)
            parts.append((start..<end, memberStart..<members.count))
            start = end
        }
        let isNew = file == nil
        let file = if let file { file } else { try files.open(log.segmentPath(seq), .create) }
        self.file = file
        if isNew {
            first = seq
            size = 0
            durableSize = 0
            index.begin(segment: seq)
        }
        try file.writeAll(members.bytes)
        for part in parts {
            index.note(
                UnsafeRawBufferPointer(rebasing: members.bytes[part.member]), at: size + part.member.lowerBound,
                lines: UnsafeRawBufferPointer(rebasing: lines[part.lines]),
                count: parts.count == 1 ? Int(next - seq) : nil)
        }
        size += members.count
        written += members.count
        if isNew { try files.syncDirectory(log.segmentsPath) }
    }

    /// What was written so far is acknowledged without a sync (`Durability.none`): a withdrawal leaves it.
    mutating func keep() {
        durableSize = size
        index.keep()
    }

    /// Returns once all that was written is durable.
    mutating func sync() throws(SystemError) {
        try syncFile()
        durableSize = size
        index.keep()
    }

    private mutating func syncFile() throws(SystemError) {
        do throws(SystemError) {
            try file?.sync()
        } catch {
            isDetached = error.number == SystemError.unlinked
            throw error
        }
    }

    /// Makes durable what was written since the last `sync`, to see whether it can be, and takes it back.
    mutating func tryOut() throws(SystemError) {
        try syncFile()
        // A file is begun with its first record.
        guard durableSize > 0 else { return withdraw() }
        index.withdraw()
        try file?.truncate(to: durableSize)
        size = durableSize
    }

    /// Looks whether the file that is written to still stands at its place.
    mutating func look() {
        guard !isDetached, let file, let own = (try? file.identity()) ?? nil else { return }
        do throws(SystemError) {
            isDetached = try files.identity(of: log.segmentPath(first)) != own
        } catch {}
    }

    /// Puts the file back to its place: its descriptor still has all bytes.
    ///
    /// - Returns: their number, once they are durable there.
    /// - Throws: `SystemError`; the descriptor is kept then, to try again.
    mutating func restore() throws(SystemError) -> Int {
        guard isDetached, let file else { return 0 }
        self.file = try SegmentRescue(log, first, files).rescue(file, bytes: size)
        file.close()
        isDetached = false
        durableSize = size
        return size
    }

    /// Takes back what a failed write left, and goes on in the same file.
    mutating func retract() throws(SystemError) {
        guard size > 0 else { return withdraw() }
        try file?.truncate(to: size)
    }

    /// Takes back what was written since the last `sync`, and leaves the file for good: after a failed fdatasync its
    /// descriptor cannot be trusted (the kernel may have dropped the dirty pages and forgotten the error).
    mutating func withdraw() {
        look()
        if isDetached {
            // What is durable in it is nowhere else.
            size = durableSize
            index.withdraw()
            try? file?.truncate(to: size)
            return
        }
        mustCut = file != nil
        index.withdraw()
        try? cut()
    }

    /// Nothing is written anywhere before the withdrawn bytes are gone: a reader would take them for the records that
    /// get their seqs.
    private mutating func cut() throws(SystemError) {
        guard mustCut, let file else { return }
        try file.truncate(to: durableSize)
        if durableSize == 0 {
            do throws(SystemError) {
                try files.remove(log.segmentPath(first))
            } catch  where error.number == 2 {}
            try? files.remove(log.indexPath(first))
        }
        mustCut = false
        index.leave()
        file.close()
        self.file = nil
        size = 0
    }

    /// Ends the segment with the empty member; the next write begins a new one.
    mutating func finish() throws(SystemError) {
        guard let file else { return }
        let result: Result<Void, SystemError> = BGZFMember.endOfFile.withUnsafeBytes { bytes in
            Result { () throws(SystemError) in try file.writeAll(bytes) }
        }
        try result.get()
        try file.sync()
        index.keep()
        leave()
    }

    /// Closes the file as it is.
    mutating func leave() {
        index.leave()
        file?.close()
        file = nil
        size = 0
        durableSize = 0
    }
}

/// What recovery knows of the active segment's members, for its index.
struct KnownMembers {
    /// Entries at the index's beginning that are right.
    var kept = 0
    /// The members behind those, as they were read.
    var read: [IndexEntry] = []
    /// The latest time in the segment.
    var latest: Timestamp?
}
