public import Events
import Glibc

/// What a check of a whole log found.
public struct LogVerification: Sendable {
    /// The first fault: which record, where, what.
    public struct Fault: Sendable, Equatable {
        /// What kind of fault it is.
        public enum Kind: String, Sendable {
            /// Bytes that are not what was written.
            case damage
            /// A head that is of other records, or signed by nobody of this log.
            case fork
            /// Records that a head covers are gone.
            case missing
            /// A head from elsewhere is of records that retention removed: nothing can be said.
            case incomparable
        }

        /// What kind of fault it is.
        public var kind = Kind.damage
        /// The first record that is missing, damaged or out of order.
        public var seq: UInt64
        /// The segment's file name.
        public var segment: String
        /// Where in the file the fault stands, in bytes.
        public var offset: Int
        /// What is wrong.
        public var what: String
    }

    /// Records read.
    public var records = 0
    /// Members read.
    public var blocks = 0
    /// Segments read.
    public var segments = 0
    /// Compressed bytes read.
    public var compressedBytes = 0
    /// Bytes of lines.
    public var plaintextBytes = 0
    /// The first kept record's seq.
    public var firstSeq: UInt64 = 0
    /// One past the last record's seq.
    public var nextSeq: UInt64 = 0
    /// The first and the last record's time.
    public var firstTimestamp: Timestamp?
    /// The last record's time.
    public var lastTimestamp: Timestamp?
    /// `gap` records, and how many records they say were lost.
    public var gapRecords = 0
    /// Records that `gap` records say were lost.
    public var lostRecords = 0
    /// Records that are gone, and whose loss somebody has accepted (`log recover --accept-loss`).
    public var acceptedLoss: UInt64 = 0
    /// Records that retention removed, and that manifests tell of.
    public var removed: UInt64 = 0
    /// Segments that are sealed and are as they were then.
    public var sealed = 0
    /// Indexes that are damaged: they are made again by `log reindex`.
    public var damagedIndexes: [String] = []
    /// Heads whose root is the records' own.
    public var heads = 0
    /// How many records the newest head covers that the trusted key has signed; without one, the log's own.
    public var signedSize: UInt64 = 0
    /// The log's key, as C2SP publishes one; nil where nobody signs its heads.
    public var key: String?
    /// Bytes of a torn tail that a crash left and the next writer will repair; never acknowledged.
    public var tornBytes = 0
    /// The first fault; nil when the log is whole.
    public var fault: Fault?
}

/// Checks a log from its first kept record on: every header and CRC, gapless seqs, times, whole lines that are records, and
/// all its heads.
public struct LogVerifier {
    private let log: LogDirectory
    private let files: any LogFileSystem
    private let lines = RecordCheck()
    private let trusted: NoteVerifier?
    private let witnesses: [(note: SignedNote, head: TreeHead, place: String)]
    private let progress: (LogVerification) -> Void

    /// Prepares a check; `progress` is called after each segment and about every 4,096 blocks.
    ///
    /// - Parameters:
    ///   - trusted: the key that the log is known to have.
    ///   - witnesses: heads of this log that were kept elsewhere, each with where.
    public init(
        _ log: LogDirectory, trusted: NoteVerifier? = nil,
        witnesses: [(note: SignedNote, head: TreeHead, place: String)] = [],
        files: any LogFileSystem = PosixFileSystem(), progress: @escaping (LogVerification) -> Void = { _ in }
    ) {
        self.log = log
        self.files = files
        self.trusted = trusted
        self.witnesses = witnesses
        self.progress = progress
    }

    /// Reads all durable records; stops at the first fault.
    ///
    /// - Throws: `LogError` when the log cannot be read at all.
    public func verify() throws(LogError) -> LogVerification {
        for _ in 0..<10 {
            // Retention may remove a segment while we read: then the log begins elsewhere.
            let first = try log.segments(on: files).first
            do throws(LogError) {
                let result = try verifyOnce()
                let isOther = try log.segments(on: files).first != first
                if result.fault == nil || !isOther { return result }
            } catch {
                let isOther = try log.segments(on: files).first != first
                guard error.code == .notFound, isOther else { throw error }
            }
        }
        return try verifyOnce()
    }

    private func verifyOnce() throws(LogError) -> LogVerification {
        var result = LogVerification()
        // Heads before segments and watermark: what one covers is there and durable by then.
        var trouble: LogVerification.Fault?
        var heads = try headCheck(&result, &trouble)
        let manifests = try manifests(&result, &trouble)
        heads.isRemovalHere = manifests.isOfThisLog
        let (segments, durable) = try segments()
        let isHeld = durable != nil
        let acknowledged = isHeld ? nil : acknowledged()
        result.firstSeq = segments.first ?? 0
        // A log that signs its heads begins with 0; of others, the first kept segment is believed.
        result.nextSeq = result.key == nil ? result.firstSeq : 0
        if let first = segments.first, try !begin(at: first, &heads, manifests, &result) { return result }
        for (index, first) in segments.enumerated() {
            if let durable, first >= durable, isHeld { break }
            if first != result.nextSeq, !bridge(to: first, &heads, &result) { return result }
            do throws(SystemError) {
                try verify(
                    segment: first, isLast: index == segments.count - 1, durable: durable, &heads, manifests, &result)
            } catch {
                throw LogError(error)
            }
            result.segments += 1
            progress(result)
            if result.fault != nil { break }
        }
        if result.fault == nil, let problem = heads.finish() {
            let last = segments.last ?? 0
            result.fault = fault(result, last, end(of: last, result), problem.what, problem.kind)
        }
        if let acknowledged, result.fault == nil { check(acknowledged, segments.last ?? 0, &result) }
        result.fault = result.fault ?? trouble
        result.heads = heads.checked
        if result.fault == nil { result.signedSize = heads.signedSize }
        return result
    }

    /// The heads to check; one that cannot be read is a fault, but not one that keeps the records from being checked.
    private func headCheck(
        _ result: inout LogVerification, _ trouble: inout LogVerification.Fault?
    ) throws(LogError) -> HeadCheck {
        let identity = files.exists(log.identityPath) ? try LogIdentity.read(log, on: files) : nil
        result.key = identity?.key
        var heads: [(note: SignedNote, head: TreeHead)] = []
        do throws(LogError) {
            heads = try KeptHead.all(of: log, on: files).map { (note: $0.note, head: $0.head) }
        } catch {
            guard error.code == .corrupt else { throw error }
            trouble = fault(result, 0, 0, "\(error.message) in \(error.path.lastComponent)")
        }
        if let bytes = try? files.contents(of: log.checkpointPath) {
            if let note = SignedNote(String(decoding: bytes, as: UTF8.self)), let head = TreeHead(text: note.text) {
                heads.append((note, head))
            } else {
                trouble = fault(result, 0, 0, "the file checkpoint is no signed head")
            }
        }
        return HeadCheck(identity, heads: heads, witnesses: witnesses, trusted: trusted)
    }

    private func manifests(
        _ result: inout LogVerification, _ trouble: inout LogVerification.Fault?
    ) throws(LogError) -> ManifestCheck {
        let origin = result.key.flatMap { NoteVerifier($0)?.name }
        let check = try ManifestCheck(log, origin: origin, files)
        if let problem = check.problem {
            trouble = fault(result, problem.segment, 0, problem.what)
            trouble?.seq = problem.segment
        }
        return check
    }

    /// Goes to the first kept record of a log whose beginning retention removed.
    private func begin(
        at first: UInt64, _ heads: inout HeadCheck, _ manifests: ManifestCheck, _ result: inout LogVerification
    ) throws(LogError) -> Bool {
        guard first > 0, let edge = manifests.edge(before: first), edge.size == first else {
            return true
        }
        let tree = try TreeSource(log, files)
        if let problem = try heads.begin(behind: edge, ends: manifests.edges(before: first), tree) {
            result.fault = fault(result, first, 0, problem.what, problem.kind)
            return false
        }
        result.removed = first
        result.nextSeq = first
        return true
    }

    /// The segments, and below which seq all is durable; nil where nobody writes.
    ///
    /// A writer that is starting has not said yet how far the log reaches.
    ///
    /// - Throws: `LogError.locked` where it does not say so in time.
    private func segments() throws(LogError) -> ([UInt64], UInt64?) {
        for _ in 0..<100 {
            let segments = try log.segments(on: files)
            guard case .through(let durable) = DurableGate(log).look() else { return (segments, nil) }
            if durable > 0 || segments.isEmpty { return (segments, durable) }
            usleep(100_000)
        }
        throw LogError(
            .locked, "a writer is starting and has not said yet how far the log reaches", path: log.path,
            hint: "tollgate log verify --log \(log.path)")
    }

    /// What the last writer on this boot said was acknowledged.
    private func acknowledged() -> UInt64? {
        let epoch = try? LogIdentity.read(log, on: files).epoch
        return epoch.flatMap { Watermark.read(log, epoch: $0)?.durable }
    }

    /// Goes on behind records that are gone where their loss was accepted; else that is the fault.
    private func bridge(to first: UInt64, _ heads: inout HeadCheck, _ result: inout LogVerification) -> Bool {
        let text = (try? files.contents(of: log.checkpointPath(beforeSegment: first)))
            .map { String(decoding: $0, as: UTF8.self) }
        guard let note = text.flatMap({ SignedNote($0) }), let checkpoint = Checkpoint(text: note.text) else {
            result.fault = fault(
                result, first, 0, "the segment begins with seq \(first), \(result.nextSeq) was expected")
            return false
        }
        if let problem = heads.bridge(to: first, checkpoint, note) {
            result.fault = fault(result, first, 0, problem.what, problem.kind)
            return false
        }
        result.acceptedLoss += first - result.nextSeq
        result.nextSeq = first
        return true
    }

    /// Without a writer, the watermark that the last one left on this boot says what must be there.
    private func check(_ acknowledged: UInt64, _ segment: UInt64, _ result: inout LogVerification) {
        guard acknowledged > result.nextSeq else { return }
        result.fault = fault(
            result, segment, end(of: segment, result),
            "records to seq \(acknowledged - 1) were acknowledged, and those from here on are missing")
    }

    /// Where a segment's whole members end, in bytes.
    private func end(of segment: UInt64, _ result: LogVerification) -> Int {
        let size = (try? files.open(log.segmentPath(segment), .read).size()) ?? 0
        return max(0, size - result.tornBytes)
    }

    private func verify(
        segment first: UInt64, isLast: Bool, durable: UInt64?, _ heads: inout HeadCheck, _ manifests: ManifestCheck,
        _ result: inout LogVerification
    ) throws(SystemError) {
        let file = try files.open(log.segmentPath(first), .read)
        defer { file.close() }
        let size = try file.size()
        let whole = try manifests.problem(of: first, file, bytes: size)
        var index = IndexCheck(log, segment: first, bytes: size, files)
        if index.isDamaged { result.damagedIndexes.append(log.indexPath(first).lastComponent) }
        let before = heads.edge
        let cursor = try SegmentCursor(file)
        var last: Timestamp?
        var isFinished = false
        while true {
            if let durable, result.nextSeq >= durable { return }
            switch try cursor.next(limit: size) {
            case .end:
                let problem = whole ?? manifests.problem(of: first, before: before, after: heads.edge, last: last)
                if let problem {
                    result.fault = fault(result, first, 0, problem)
                    result.fault?.seq = first
                } else if manifests.manifests[first] != nil {
                    result.sealed += 1
                }
                return
            case .endOfFile(let offset):
                isFinished = true
                result.compressedBytes += size - offset
            case .block(let offset, let bytes, let plaintext):
                guard !isFinished else {
                    result.fault = fault(result, first, offset, "records after the segment's end")
                    return
                }
                let isOther = try cursor.withMember(at: offset, size: bytes) { index.differs($0, at: offset) }
                if isOther ?? false {
                    result.fault = fault(result, first, offset, "a member's bytes are not those that were written")
                    return
                }
                result.blocks += 1
                result.compressedBytes += bytes
                result.plaintextBytes += plaintext.count
                plaintext.withUnsafeBytes { check($0, segment: first, offset: offset, last: &last, &heads, &result) }
                if result.fault != nil { return }
                if result.blocks % 4096 == 0 { progress(result) }
            case .bad(let offset):
                // A crash leaves bytes at the very end that nobody was told of; anything else is damage.
                if isLast, durable == nil, manifests.manifests[first] == nil,
                    try cursor.validMember(after: offset, limit: size) == nil
                {
                    result.tornBytes = size - offset
                } else {
                    result.fault = fault(result, first, offset, "a member whose header, length or CRC is wrong")
                }
                return
            }
        }
    }

    private func check(
        _ bytes: UnsafeRawBufferPointer, segment: UInt64, offset: Int, last: inout Timestamp?,
        _ heads: inout HeadCheck, _ result: inout LogVerification
    ) {
        guard bytes.last == 0x0A else {
            result.fault = fault(result, segment, offset, "a line without its end")
            return
        }
        LineScan.forEach(bytes) { line in
            guard result.fault == nil else { return }
            do throws(RecordError) {
                let record = try lines.head(of: line)
                if record.seq != result.nextSeq {
                    result.fault = fault(
                        result, segment, offset, "seq \(record.seq) where \(result.nextSeq) was expected")
                } else if let previous = last, record.timestamp < previous {
                    result.fault = fault(result, segment, offset, "the time runs backwards within a segment")
                } else {
                    if let control = record.control { heads.note(control, seq: record.seq) }
                    if let problem = heads.append(line) {
                        result.fault = fault(result, segment, offset, problem.what, problem.kind)
                        return
                    }
                    count(record, &result)
                    last = record.timestamp
                }
            } catch {
                result.fault = fault(result, segment, offset, "not a record: \(error)")
            }
        }
    }

    private func count(_ record: RecordHead, _ result: inout LogVerification) {
        result.records += 1
        result.nextSeq = record.seq + 1
        result.firstTimestamp = result.firstTimestamp ?? record.timestamp
        result.lastTimestamp = record.timestamp
        guard let control = record.control, control.event == .gap else { return }
        result.gapRecords += 1
        result.lostRecords += Int(control.number(.n) ?? 0)
    }

    private func fault(
        _ result: LogVerification, _ segment: UInt64, _ offset: Int, _ what: String,
        _ kind: LogVerification.Fault.Kind = .damage
    ) -> LogVerification.Fault {
        LogVerification.Fault(
            kind: kind, seq: result.nextSeq, segment: LogDirectory.segmentName(segment), offset: offset, what: what)
    }
}
