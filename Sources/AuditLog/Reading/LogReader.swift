public import Events
import Glibc

/// Some lines of a log, as they stand together in one member of a segment.
public struct LogBlock: Sendable {
    /// The first line's seq.
    public let firstSeq: UInt64
    /// The number of lines.
    public let lineCount: Int
    /// The segment's file name.
    public let segment: String
    /// Where the member begins in the file, in bytes.
    public let offset: Int
    /// Whole lines, each with its newline.
    public let bytes: [UInt8]
    /// Seqs before this block that damage made unreadable.
    public let skipped: Range<UInt64>?

    /// Calls `body` with each line, its newline left off, and its seq.
    public func forEachLine<E: Error>(
        _ body: (UInt64, UnsafeRawBufferPointer) throws(E) -> Void
    ) throws(E) {
        var seq = firstSeq
        let result: Result<Void, E> = bytes.withUnsafeBytes { raw in
            Result { () throws(E) in
                try LineScan.forEach(raw) { (line: UnsafeRawBufferPointer) throws(E) in
                    try body(seq, line)
                    seq += 1
                }
            }
        }
        try result.get()
    }
}

/// Reads a log's durable lines from a place on, and goes on as the log grows: across rotation, sealing and the
/// writer's restart.
///
/// Never gives a line that is not durable, unless asked to.
public final class LogReader {
    /// The log.
    public let log: LogDirectory
    /// The seq of the next line.
    public private(set) var nextSeq: UInt64
    private let files: any LogFileSystem
    private let uncommitted: Bool
    private let gate: DurableGate
    private var segment: UInt64?
    private var cursor: SegmentCursor?
    private var skippedFrom: UInt64?
    /// What the last look at the watermark said.
    private var durable: UInt64 = 0
    /// How far into this segment all is durable because nobody writes.
    private var openLimit = 0

    /// Opens a log to read from `seq` on; a seq before the first kept one begins there.
    ///
    /// - Throws: `LogError.notFound`, `.disk`.
    public init(
        _ log: LogDirectory, from seq: UInt64 = 0, uncommitted: Bool = false,
        files: any LogFileSystem = PosixFileSystem()
    ) throws(LogError) {
        self.log = log
        self.files = files
        self.uncommitted = uncommitted
        gate = DurableGate(log, files)
        nextSeq = seq
        // Throws where there is no such log.
        _ = try log.segments(on: files)
        do throws(SystemError) {
            guard try openNextSegment(), let segment else { return }
            nextSeq = max(seq, segment)
            try seek { line in line.seq <= seq }
        } catch {
            throw LogError(error)
        }
    }

    /// Opens a log to read from the last block that begins no later than `time`.
    ///
    /// - Throws: `LogError.notFound`, `.disk`.
    public init(
        _ log: LogDirectory, fromTime time: Timestamp, uncommitted: Bool = false,
        files: any LogFileSystem = PosixFileSystem()
    ) throws(LogError) {
        self.log = log
        self.files = files
        self.uncommitted = uncommitted
        gate = DurableGate(log, files)
        nextSeq = 0
        var chosen = try log.segments(on: files)
        do throws(SystemError) {
            while let last = chosen.popLast() {
                // What retention removed since is older than the time, or all that is left is not.
                guard try openIfThere(last) else { break }
                nextSeq = last
                let head = try headOfMember(at: 0, limit: cursor?.file.size() ?? 0)
                if chosen.isEmpty || (head.map { $0.timestamp <= time } ?? false) { break }
            }
            if cursor == nil { _ = try openNextSegment() }
            if let found = try seek({ line in line.timestamp <= time }) { nextSeq = found }
        } catch {
            throw LogError(error)
        }
    }

    /// The next block of durable lines; nil when there is nothing new now.
    ///
    /// - Throws: `LogError.disk`.
    public func nextBlock() throws(LogError) -> LogBlock? {
        do throws(SystemError) {
            while true {
                if cursor == nil, try !openNextSegment() { return nil }
                guard let cursor, let segment else { return nil }
                // Beyond the watermark nothing is read, and no segment opened that may yet be withdrawn.
                guard let limit = try limit(of: cursor) else { return nil }
                guard limit > cursor.offset else {
                    if try leaveIfSucceeded() { continue }
                    if try reopenIfReplaced() { continue }
                    // Recovery removes a segment without members; another of its name is another file.
                    if cursor.offset == 0 { self.cursor = nil }
                    return nil
                }
                switch try cursor.next(limit: limit) {
                case .block(let offset, _, let plaintext):
                    guard isDurable(plaintext, at: offset) else {
                        cursor.seek(to: offset)
                        cursor.forget()
                        if durable == 0 { continue }
                        return nil
                    }
                    if let block = block(plaintext, segment: segment, offset: offset) { return block }
                case .endOfFile, .end: continue
                case .bad(let offset):
                    if let valid = try cursor.validMember(after: offset, limit: limit) {
                        skippedFrom = skippedFrom ?? nextSeq
                        cursor.seek(to: valid)
                    } else if try leaveIfSucceeded() {
                        continue
                    } else {
                        // A torn tail: the next writer cuts it off and writes there.
                        openLimit = 0
                        cursor.forget()
                        return nil
                    }
                }
            }
        } catch {
            throw LogError(error)
        }
    }

    /// Returns once one of the writers that were seen last says that more is durable than was read, and after `milliseconds` at
    /// the most.
    ///
    /// Looks every two milliseconds, at memory alone: a tenth of what `nextBlock` costs when there is nothing new. Where nobody
    /// writes, or the writer is another one by now, only `nextBlock` finds out.
    public static func awaitNews(_ readers: [LogReader], milliseconds: Int) {
        for _ in 0..<max(1, milliseconds / 2) {
            // First, so that a log whose next lines cannot be read yet is not asked all the time.
            usleep(2000)
            if readers.contains(where: { ($0.gate.hint ?? 0) > $0.nextSeq }) { return }
        }
    }

    /// How far into the file lines may be read now: with a living writer not past its watermark.
    private func limit(of cursor: SegmentCursor) throws(SystemError) -> Int? {
        if uncommitted { return try cursor.file.size() }
        // Looking costs some system calls: not while more is known to be durable than was read.
        if cursor.offset < openLimit { return openLimit }
        if nextSeq >= durable {
            // What was read ahead was not durable then: it may have been withdrawn, and other records written there.
            cursor.forget()
            switch gate.look() {
            case .through(let seq): durable = seq
            case .open:
                let size = try cursor.file.size()
                // No writer lives: what a crashed one wrote but did not sync becomes durable here, before it is read.
                if size > cursor.offset { try settle(cursor.file) }
                openLimit = size
                return size
            }
        }
        return nextSeq < durable ? try cursor.file.size() : nil
    }

    /// Whether a block that was read lies before the watermark.
    ///
    /// Behind records that are missing it need not, though the watermark is past what was read before them. Where no writer
    /// lives any more, `durable` is 0 afterwards: `limit(of:)` has to look again.
    private func isDurable(_ plaintext: [UInt8], at offset: Int) -> Bool {
        if uncommitted || offset < openLimit { return true }
        let head = plaintext.withUnsafeBytes { LineScan.head(LineScan.firstLine(of: $0)) }
        guard let head, head.seq >= durable else { return true }
        switch gate.look() {
        case .through(let seq): durable = seq
        case .open: durable = 0
        }
        return head.seq < durable
    }

    /// Makes a file and its name durable; one that sealing replaced or retention removed meanwhile was so before.
    private func settle(_ file: any LogFile) throws(SystemError) {
        do throws(SystemError) {
            try file.sync()
        } catch  where error.number == ESTALE {}
        // Its writer may have died between making it and this.
        try files.syncDirectory(log.segmentsPath)
    }

    private func block(_ plaintext: [UInt8], segment: UInt64, offset: Int) -> LogBlock? {
        let name = LogDirectory.segmentName(segment)
        let count = plaintext.withUnsafeBytes { LineScan.count($0) }
        let head = plaintext.withUnsafeBytes { bytes in
            LineScan.head(UnsafeRawBufferPointer(rebasing: bytes.prefix { $0 != 0x0A }))
        }
        var first = nextSeq
        if let head, head.seq != nextSeq { first = head.seq }
        if first + UInt64(count) <= nextSeq { return nil }
        var bytes = plaintext
        var lineCount = count
        if first < nextSeq {
            lineCount -= Int(nextSeq - first)
            bytes = Array(LogReader.dropLines(Int(nextSeq - first), plaintext))
            first = nextSeq
        }
        let skipped = first > nextSeq ? (skippedFrom ?? nextSeq)..<first : nil
        skippedFrom = nil
        nextSeq = first + UInt64(lineCount)
        return LogBlock(
            firstSeq: first, lineCount: lineCount, segment: name, offset: offset, bytes: bytes, skipped: skipped)
    }

    private static func dropLines(_ count: Int, _ bytes: [UInt8]) -> ArraySlice<UInt8> {
        var rest = bytes[...]
        for _ in 0..<count {
            guard let newline = rest.firstIndex(of: 0x0A) else { return [] }
            rest = rest[(newline + 1)...]
        }
        return rest
    }

    /// Goes on to the segment after this one, if there is one.
    private func leaveIfSucceeded() throws(SystemError) -> Bool {
        guard let current = segment else { return false }
        let segments = try log.segments(orNoneOn: files)
        guard let next = segments.first(where: { $0 > current }) else { return false }
        // The next segment may have begun between our look at this one's size and now.
        if let cursor, try cursor.file.size() > cursor.offset, case .block = try peek(cursor) { return true }
        if next > nextSeq {
            if try reopenIfReplaced() { return true }
            skippedFrom = skippedFrom ?? nextSeq
        }
        // Retention may remove it just now: then the one after it is next.
        if try openIfThere(next) { return true }
        return try leaveIfSucceeded()
    }

    /// Opens the segment anew where another file stands at its place than the one that is read: a writer whose file was
    /// removed puts a copy there and goes on in that.
    ///
    /// Goes on by seq, not by offset: no line is lost, and none is given twice.
    private func reopenIfReplaced() throws(SystemError) -> Bool {
        guard let cursor, let segment, let own = try cursor.file.identity(),
            let found = try files.identity(of: log.segmentPath(segment)), found != own
        else { return false }
        try open(segment)
        let next = nextSeq
        try seek { line in line.seq <= next }
        return true
    }

    private func peek(_ cursor: SegmentCursor) throws(SystemError) -> SegmentCursor.Step {
        let offset = cursor.offset
        defer { cursor.seek(to: offset) }
        return try cursor.next(limit: try cursor.file.size())
    }

    private func openNextSegment() throws(SystemError) -> Bool {
        while true {
            let segments = try log.segments(orNoneOn: files)
            guard let first = segments.last(where: { $0 <= nextSeq }) ?? segments.first else { return false }
            if try openIfThere(first) { return true }
        }
    }

    /// Opens a segment; false where retention has removed it since it was listed.
    private func openIfThere(_ first: UInt64) throws(SystemError) -> Bool {
        do throws(SystemError) {
            try open(first)
            return true
        } catch {
            guard error.number == ENOENT else { throw error }
            return false
        }
    }

    private func open(_ first: UInt64) throws(SystemError) {
        let opened = try SegmentCursor(try files.open(log.segmentPath(first), .read))
        cursor?.file.close()
        cursor = opened
        segment = first
        openLimit = 0
    }

    /// Moves to the last member whose first line satisfies `isBefore`, by halving; gives that line's seq.
    ///
    /// By the segment's index where it has one, and by the members' headers behind what that knows.
    @discardableResult
    private func seek(_ isBefore: ((seq: UInt64, timestamp: Timestamp)) -> Bool) throws(SystemError) -> UInt64? {
        guard let cursor, let segment else { return nil }
        let limit = try cursor.file.size()
        let index = SegmentIndex(log, segment: segment, bytes: limit, files)
        let place = index?.last { isBefore(($0.firstSeq, $0.firstTimestamp)) }
        var start = 0
        var found: UInt64?
        if let index, let (place, entry) = place, try isRight(entry, limit: limit) {
            cursor.seek(to: entry.offset)
            // Behind an index that is whole, or before its last entry, there is nothing to look for.
            if place + 1 < index.count || index.header.segmentBytes > 0 { return entry.firstSeq }
            (start, found) = (entry.offset, entry.firstSeq)
        }
        let offsets = try cursor.memberOffsets(from: start, limit: limit)
        var low = 0
        var high = offsets.count
        while low < high {
            let middle = (low + high) / 2
            if let head = try headOfMember(at: offsets[middle], limit: limit), isBefore(head) {
                low = middle + 1
                found = head.seq
            } else {
                high = middle
            }
        }
        cursor.seek(to: low > 0 ? offsets[low - 1] : start)
        return found
    }

    /// Whether an index's entry is what stands in the file: an index is a hint.
    private func isRight(_ entry: IndexEntry, limit: Int) throws(SystemError) -> Bool {
        guard let cursor, try cursor.memberSize(at: entry.offset, limit: limit) == entry.memberBytes else {
            return false
        }
        guard let head = try headOfMember(at: entry.offset, limit: limit) else { return false }
        return head.seq == entry.firstSeq && head.timestamp == entry.firstTimestamp
    }

    private func headOfMember(at offset: Int, limit: Int) throws(SystemError) -> (seq: UInt64, timestamp: Timestamp)? {
        guard let cursor else { return nil }
        let prefix = try cursor.prefix(ofMemberAt: offset, count: 96, limit: limit)
        return prefix.withUnsafeBytes { LineScan.head($0) }
    }
}
