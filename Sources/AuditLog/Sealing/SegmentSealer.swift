import Crypto
import Events

/// Seals one finished segment: merges its many small members into full ones, and says for ever what it was.
///
/// The lines stay the same, byte for byte, and so does all that is proved about them; whoever reads the old file goes on in
/// it. What a crash leaves is done again from the beginning.
struct SegmentSealer {
    /// Why a segment was not sealed.
    enum Refusal: Error, Equatable {
        /// Bytes that are no records stand in it: it is left as it is, as evidence.
        case damaged(offset: Int)
        /// Nothing says which tree its first record is behind.
        case unknownTree
        /// A manifest stands there that is none.
        case badManifest
        /// Merging needs as much room again as the segment has.
        case noRoom
        /// The log is being closed.
        case stopped
        /// The file system refused.
        case disk(SystemError)
    }

    let log: LogDirectory
    let files: any LogFileSystem
    let origin: String
    let isStopped: () -> Bool
    /// Is told of records as they are read.
    let progress: (Int) -> Void

    /// What reading a segment whole tells.
    struct Content {
        var plaintext = SHA256()
        var compressed = SHA256()
        var plaintextBytes = 0
        var bytes = 0
        var edge: TreeEdge
        var nodes = TileNodes()
        var first: Timestamp?
        var last: Timestamp?
        var entries: [IndexEntry] = []

        init(_ edge: TreeEdge) {
            self.edge = edge
        }
    }

    /// - Parameters:
    ///   - before: the tree over all records before it.
    ///   - previous: the hash of the manifest before.
    ///   - heads: those that were signed while it was written.
    ///   - known: the tree behind it, as its writer knew it; nil after a restart.
    func seal(
        segment first: UInt64, before: TreeEdge, previous: TreeHash?, heads: [KeptHead], known: TreeEdge?
    ) throws(Refusal) -> SegmentManifest {
        do throws(SystemError) {
            let file = try files.open(log.segmentPath(first), .read)
            defer { file.close() }
            let size = try file.size()
            var merged: (file: any LogFile, path: String)?
            let content: Content
            if try isMerged(first, file, size) {
                content = try read(file, size, before)
            } else {
                let path = log.segmentPath(first) + ".tmp"
                let target = try files.open(path, .replace)
                merged = (target, path)
                content = try merge(file, size, before, into: target)
            }
            defer { merged?.file.close() }
            if let known, known != content.edge { throw SystemError(SegmentSealer.damage, file: 0) }
            if let merged { try files.rename(merged.path, to: log.segmentPath(first)) }
            try files.syncDirectory(log.segmentsPath)
            return try finish(first, content, before, previous, heads)
        } catch {
            try? files.remove(log.segmentPath(first) + ".tmp")
            if error.call == SegmentSealer.stopped.call { throw .stopped }
            if error.call == SegmentSealer.damage { throw .damaged(offset: Int(error.number)) }
            throw .disk(error)
        }
    }

    private static let stopped = SystemError("(stopped)", "", 0)
    private static let damage = "(damaged)"

    /// A segment whose index names its bytes was merged before: its manifest was lost, or a crash came before it was written.
    private func isMerged(_ first: UInt64, _ file: any LogFile, _ size: Int) throws(SystemError) -> Bool {
        guard let header = SegmentIndex(log, segment: first, bytes: size, files)?.header, header.segmentBytes == size
        else { return false }
        return try SegmentSealer.digest(of: file, size) == header.digest
    }

    /// SHA-256 of a file's bytes.
    static func digest(of file: any LogFile, _ size: Int) throws(SystemError) -> TreeHash {
        var hash = SHA256()
        var offset = 0
        while offset < size {
            let bytes = try file.bytes(offset..<min(size, offset + 1 << 20))
            guard !bytes.isEmpty else { break }
            hash.update(data: bytes)
            offset += bytes.count
        }
        return TreeHash(hash.finalize())
    }

    /// Reads all members, adds their lines to the tree, and lets `body` see them.
    private func read(
        _ file: any LogFile, _ size: Int, _ before: TreeEdge,
        _ body: (UnsafeRawBufferPointer) throws(SystemError) -> Void = { _ in }
    ) throws(SystemError) -> Content {
        var content = Content(before)
        let cursor = try SegmentCursor(file)
        var isFinished = false
        while true {
            switch try cursor.next(limit: size) {
            case .end:
                content.bytes = size
                return content
            case .endOfFile(let offset):
                try cursor.withMember(at: offset, size: size - offset) { content.compressed.update(bufferPointer: $0) }
                isFinished = true
            case .bad(let offset): throw SystemError(SegmentSealer.damage, file: offset)
            case .block(let offset, let bytes, let plaintext):
                if isStopped() { throw SegmentSealer.stopped }
                var isRight = !isFinished
                try cursor.withMember(at: offset, size: bytes) { member in
                    content.compressed.update(bufferPointer: member)
                    plaintext.withUnsafeBytes { lines in
                        isRight = isRight && add(lines, member, at: offset, to: &content)
                    }
                }
                guard isRight else { throw SystemError(SegmentSealer.damage, file: offset) }
                let result: Result<Void, SystemError> = plaintext.withUnsafeBytes { lines in
                    Result { () throws(SystemError) in try body(lines) }
                }
                try result.get()
                progress(Int(content.edge.size - before.size))
            }
        }
    }

    private func add(
        _ lines: UnsafeRawBufferPointer, _ member: UnsafeRawBufferPointer, at offset: Int, to content: inout Content
    ) -> Bool {
        guard lines.last == 0x0A,
            let entry = IndexEntry(member: member, at: offset, lines: lines, latest: content.last),
            entry.firstSeq == content.edge.size
        else { return false }
        content.plaintext.update(bufferPointer: lines)
        content.plaintextBytes += lines.count
        LineScan.forEach(lines) { line in
            if line.count > 0 {
                content.edge.append(.leaf(line)) { level, index, root in
                    content.nodes.add(level: level, index: index, root)
                }
            }
        }
        content.first = content.first ?? entry.firstTimestamp
        content.last = entry.lastTimestamp
        content.entries.append(entry)
        return content.edge.size == entry.nextSeq
    }

    /// Writes the same lines in full members, syncs them, and reads them again: they must be the same.
    private func merge(
        _ file: any LogFile, _ size: Int, _ before: TreeEdge, into target: any LogFile
    ) throws(SystemError) -> Content {
        var packer = try MemberPacker(into: target)
        let old = try read(file, size, before) { lines throws(SystemError) in try packer.append(lines) }
        try packer.finish()
        try target.sync()
        let new = try read(target, packer.size, before)
        guard new.edge == old.edge, new.plaintext.finalize() == old.plaintext.finalize() else {
            throw SystemError("seal", "the merged segment reads otherwise", 5)
        }
        return new
    }

    private func finish(
        _ first: UInt64, _ content: Content, _ before: TreeEdge, _ previous: TreeHash?, _ heads: [KeptHead]
    ) throws(SystemError) -> SegmentManifest {
        guard let began = content.first, let ended = content.last else {
            throw SystemError(SegmentSealer.damage, file: 0)
        }
        let manifest = SegmentManifest(
            origin: origin, firstSeq: first, nextSeq: content.edge.size, firstTimestamp: began, lastTimestamp: ended,
            bytes: content.bytes, digest: TreeHash(content.compressed.finalize()),
            plaintextBytes: content.plaintextBytes, plaintextDigest: TreeHash(content.plaintext.finalize()),
            before: before, after: content.edge, previous: previous, heads: heads)
        var index = LineBuffer(capacity: SegmentIndex.headerSize + content.entries.count * IndexEntry.size)
        SegmentIndex.Header(first: first, segmentBytes: content.bytes, digest: manifest.digest).append(to: &index)
        for entry in content.entries { entry.append(to: &index) }
        try files.replace(log.indexPath(first), with: Array(index.bytes))
        try content.nodes.write(to: TreeTiles(log: log, files: files))
        try files.replace(log.manifestPath(first), with: Array(manifest.text.utf8))
        return manifest
    }
}

extension SystemError {
    fileprivate init(_ call: String, file offset: Int) {
        self.init(call, "", Int32(clamping: offset))
    }
}
