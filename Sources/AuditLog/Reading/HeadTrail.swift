import Events
import Glibc

/// Goes along a log's records from a tree that is known, each of them once, and holds the tree against every head that is
/// signed on the way.
struct HeadTrail {
    /// What a walk to the newest head found.
    enum Finding: Equatable {
        /// All that is signed by now is as it was signed.
        case fits
        /// There is more to read.
        case more
        /// Something does not fit; whether it is a fault, only a check of the whole log can say.
        case odd(String)
    }

    private let log: LogDirectory
    private let files: any LogFileSystem
    private let reader: LogReader
    private let lines = RecordCheck()
    /// The log's own keys, by what it says itself.
    private var keys: [NoteVerifier]
    private var edge: TreeEdge
    /// What is read, and how many of its bytes are in the tree.
    private var block: (value: LogBlock, taken: Int)?
    private var segment: String?
    /// The newest head that was compared.
    private(set) var newest: (head: TreeHead, note: SignedNote)?
    /// How often in a row a head covered records that were not there.
    private var misses = 0
    /// The trees before the segments that were begun since.
    private var beginnings: [UInt64: TreeEdge] = [:]

    /// How often records may be missing under a head before that is odd: a writer that starts has not said yet how far
    /// the log reaches.
    static let patience = 3

    /// Begins behind the newest sealed segment, or with the log; nil while nothing is signed.
    ///
    /// - Parameter fromCheckpoint: whether to begin with the newest head instead: when the whole log was just checked.
    /// - Throws: `LogError`; `.corrupt` where what it begins with cannot be believed.
    init?(_ log: LogDirectory, fromCheckpoint: Bool, on files: any LogFileSystem) throws(LogError) {
        guard let key = try LogIdentity.read(log, on: files).verifier, files.exists(log.checkpointPath) else {
            return nil
        }
        guard let head = Checkpoint.read(log.checkpointPath, of: key.name, on: files, signedBy: [key]) else {
            throw LogError(.corrupt, "the file checkpoint is no signed head of this log", path: log.checkpointPath)
        }
        var start: TreeEdge?
        if !fromCheckpoint {
            let sealed = SegmentManifest.sealed(log, files).last
            let first = try log.segments(on: files).first
            if let sealed {
                start = try SegmentManifest.read(log, segment: sealed, on: files)?.after
            } else if first == 0 {
                start = TreeEdge()
            }
            // A segment is sealed before a head covers its end only where heads could not be written.
            if let found = start, found.size > head.head.size { start = nil }
        }
        self.log = log
        self.files = files
        keys = [key]
        edge = start ?? head.edge
        reader = try LogReader(log, from: edge.size, files: files)
    }

    /// Reads up to the newest head, at most about so many bytes of lines.
    ///
    /// - Throws: `LogError.disk`.
    mutating func walk(bytes limit: Int) throws(LogError) -> Finding {
        var left = limit
        let claims = try claims()
        guard let last = claims.last else { return .odd("there is no head any more") }
        if let head = newest?.head, last.head.size < head.size {
            return .odd("the newest head is of \(last.head.size) records, and one of \(head.size) was here before")
        }
        for claim in claims {
            if let head = newest?.head, claim.head.size == head.size, claim.head.root != head.root {
                return .odd("there are two heads of \(head.size) records")
            }
            guard claim.head.size >= edge.size else { continue }
            while edge.size < claim.head.size {
                guard left > 0 else { return .more }
                if block == nil, try !load() {
                    misses += 1
                    return misses < Self.patience ? .more : .odd("records are missing that a head covers")
                }
                guard let taken = take(upTo: claim.head.size) else { return .odd("records cannot be read") }
                left -= taken
                misses = 0
            }
            guard edge.root == claim.head.root else { return .odd("a head is of other records than these") }
            guard keys.contains(where: { claim.note.isSigned(by: $0) }) else {
                return .odd("a head has no signature of this log")
            }
            newest = claim
        }
        return .fits
    }

    /// The tree before a segment that was begun since this trail was; nil where it is not known.
    func tree(beforeSegment seq: UInt64) -> TreeEdge? { beginnings[seq] }

    /// Forgets the trees before the segments up to one.
    mutating func forget(through seq: UInt64) {
        beginnings = beginnings.filter { $0.key > seq }
    }

    /// The heads that the log keeps of late, and the checkpoint's, by size.
    private func claims() throws(LogError) -> [(head: TreeHead, note: SignedNote)] {
        var claims = try KeptHead.last(of: log, on: files).map { (head: $0.head, note: $0.note) }
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try files.contents(of: log.checkpointPath)
        } catch {
            throw LogError(error)
        }
        guard let note = SignedNote(String(decoding: bytes, as: UTF8.self)), let head = TreeHead(text: note.text) else {
            throw LogError(.corrupt, "the file checkpoint is no signed head", path: log.checkpointPath)
        }
        claims.append((head, note))
        return claims.sorted { $0.head.size < $1.head.size }
    }

    private mutating func load() throws(LogError) -> Bool {
        guard let next = try reader.nextBlock() else { return false }
        block = (next, 0)
        if next.segment != segment {
            segment = next.segment
            if next.firstSeq == edge.size { beginnings[edge.size] = edge }
        }
        noteKeys(next)
        return true
    }

    /// Adds lines to the tree until it has `size` leaves; gives their bytes, nil where a record before them is gone.
    private mutating func take(upTo size: UInt64) -> Int? {
        guard let current = block else { return 0 }
        guard current.taken > 0 || current.value.firstSeq == edge.size else { return nil }
        let end = current.value.bytes.withUnsafeBytes { raw in
            var end = current.taken
            var wanted = size - edge.size
            while wanted > 0, end < raw.count, let base = raw.baseAddress {
                let newline = memchr(base + end, 0x0A, raw.count - end)
                end = newline.map { UnsafeRawPointer($0) - base + 1 } ?? raw.count
                wanted -= 1
            }
            edge.append(UnsafeRawBufferPointer(rebasing: raw[current.taken..<end]))
            return end
        }
        block = end < current.value.bytes.count ? (current.value, end) : nil
        return end - current.taken
    }

    /// Learns of a change of keys from the record that says so.
    private mutating func noteKeys(_ block: LogBlock) {
        block.forEachLine { _, line in
            guard let control = (try? lines.head(of: line))?.control, control.event == .keyRotated else { return }
            let named = [control.text(.from), control.text(.to)].compactMap { $0 }.compactMap { NoteVerifier($0) }
            keys += named.filter { own in keys.contains { $0.name == own.name } && !keys.contains(own) }
        }
    }
}
