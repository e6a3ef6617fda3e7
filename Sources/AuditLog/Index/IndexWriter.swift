import Events

/// Grows the active segment's index: entries are noted as members are written and go to the file, many at a time, once the
/// members are synced.
///
/// An index may be missing or short, so nothing here fails: after the first trouble this segment's index grows no more.
struct IndexWriter: ~Copyable {
    /// Entries that are gathered for one write.
    private static let batch = 64

    private let log: LogDirectory
    private let files: any LogFileSystem
    private var file: (any LogFile)?
    /// Entries of members that are not synced yet.
    private var unsynced: [IndexEntry] = []
    /// Entries of synced members that are not in the file yet.
    private var ready = LineBuffer(capacity: 8 << 10)
    private var isUsable = false
    private var latest: Timestamp?

    init(_ log: LogDirectory, _ files: any LogFileSystem) {
        self.log = log
        self.files = files
    }

    /// Begins the index of a new segment.
    mutating func begin(segment first: UInt64) {
        leave()
        latest = nil
        isUsable = true
        SegmentIndex.Header(first: first).append(to: &ready)
        file = try? files.open(log.indexPath(first), .replace)
        if file == nil { isUsable = false }
    }

    /// Goes on with the index of a segment that is continued: keeps what recovery found right, and adds what it read.
    mutating func resume(segment first: UInt64, keeping kept: Int, adding entries: [IndexEntry], latest: Timestamp?) {
        leave()
        self.latest = latest
        let path = log.indexPath(first)
        isUsable = true
        do throws(SystemError) {
            if kept > 0 {
                let file = try files.open(path, .append)
                try file.truncate(to: SegmentIndex.headerSize + kept * IndexEntry.size)
                self.file = file
            } else {
                file = try files.open(path, .replace)
                SegmentIndex.Header(first: first).append(to: &ready)
            }
        } catch {
            isUsable = false
        }
        for entry in entries { entry.append(to: &ready) }
        flush()
    }

    /// Takes note of a member that was written.
    mutating func note(_ member: UnsafeRawBufferPointer, at offset: Int, lines: UnsafeRawBufferPointer, count: Int?) {
        guard isUsable else { return }
        guard let entry = IndexEntry(member: member, at: offset, lines: lines, count: count, latest: latest) else {
            return isUsable = false
        }
        latest = entry.lastTimestamp
        unsynced.append(entry)
    }

    /// What was noted is durable.
    mutating func keep() {
        guard isUsable, !unsynced.isEmpty else { return }
        for entry in unsynced { entry.append(to: &ready) }
        unsynced.removeAll(keepingCapacity: true)
        if ready.count >= IndexWriter.batch * IndexEntry.size { flush() }
    }

    /// Forgets what was noted and not kept: those members were withdrawn.
    mutating func withdraw() {
        unsynced.removeAll(keepingCapacity: true)
    }

    /// Writes what is ready and leaves the file.
    mutating func leave() {
        flush()
        file?.close()
        file = nil
        unsynced.removeAll(keepingCapacity: true)
        isUsable = false
    }

    private mutating func flush() {
        defer { ready.truncate(to: 0) }
        guard isUsable, ready.count > 0, let file else { return }
        do throws(SystemError) {
            try file.writeAll(ready.bytes)
        } catch {
            // Half an entry would shift all others.
            isUsable = false
        }
    }
}
