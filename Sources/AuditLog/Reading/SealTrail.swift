import Events

/// Reads each segment that is sealed from now on, once: its bytes, its lines and the tree over them have to be what its
/// manifest says, and the manifest has to follow the one before.
struct SealTrail {
    private let log: LogDirectory
    private let files: any LogFileSystem
    private var last: SegmentManifest?

    /// Begins behind the segments that are sealed by now.
    ///
    /// - Throws: `LogError`; `.corrupt` where the newest manifest is none.
    init(_ log: LogDirectory, on files: any LogFileSystem) throws(LogError) {
        self.log = log
        self.files = files
        if let first = SegmentManifest.sealed(log, files).last {
            last = try SegmentManifest.read(log, segment: first, on: files)
        }
    }

    /// The first seq of the next sealed segment that was not looked at; nil where there is none.
    var next: UInt64? {
        SegmentManifest.sealed(log, files).first { first in last.map { first > $0.firstSeq } ?? true }
    }

    /// Reads one sealed segment.
    ///
    /// - Parameter tree: the tree before a segment as its records had it when they were read; nil where nobody knows.
    /// - Throws: `LogError.disk`, `.corrupt`.
    mutating func look(at first: UInt64, tree: (UInt64) -> TreeEdge?) throws(LogError) -> HeadTrail.Finding {
        guard let manifest = try SegmentManifest.read(log, segment: first, on: files) else { return .fits }
        defer { last = manifest }
        if let last, manifest.previous != last.hash, manifest.before != last.after {
            return .odd("a manifest follows one that is not here")
        }
        guard tree(first).map({ $0 == manifest.before }) ?? true,
            tree(manifest.nextSeq).map({ $0 == manifest.after }) ?? true
        else { return .odd("a manifest tells of other records than were here") }
        do throws(SystemError) {
            return try read(manifest) ? .fits : .odd("a sealed segment is not what its manifest says")
        } catch {
            // Retention was sooner.
            if error.number == 2 { return .fits }
            throw LogError(error)
        }
    }

    private func read(_ manifest: SegmentManifest) throws(SystemError) -> Bool {
        let file = try files.open(log.segmentPath(manifest.firstSeq), .read)
        defer { file.close() }
        let size = try file.size()
        guard size == manifest.bytes, try SegmentSealer.digest(of: file, size) == manifest.digest else { return false }
        var edge = manifest.before
        let cursor = try SegmentCursor(file)
        while true {
            switch try cursor.next(limit: size) {
            case .block(_, _, let plaintext): plaintext.withUnsafeBytes { edge.append($0) }
            case .endOfFile: continue
            case .end: return edge == manifest.after
            case .bad: return false
            }
        }
    }
}
