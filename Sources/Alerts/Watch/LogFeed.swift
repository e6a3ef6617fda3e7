import Events

/// One followed log's records, decoded one at a time, and how far they have been taken.
struct LogFeed {
    let log: WatchedLog
    private var block: [UInt8] = []
    private var offset = 0
    private var head: Record?
    private var hasEnded = false
    /// Faults of lines that are no record, not yet reported.
    var rejected: [RecordError] = []
    /// Whether there was nothing new when this step last asked.
    var isDry = false

    /// The seq of the next line to decode.
    private var nextSeq: UInt64
    /// Where the last two decoded lines stand in `block`.
    private var line: Range<Int>?
    private var lineBefore: Range<Int>?
    /// The last line before `block`, as a digest; nil where it is not known.
    private var digestBefore: String?

    init(_ log: WatchedLog) {
        self.log = log
        nextSeq = log.place?.nextSeq ?? 0
        digestBefore = log.place?.lastLine
    }

    /// The next record's time; nil where none has been read.
    var nextTime: Timestamp? {
        head?.timestamp
    }

    /// How far records have been taken; nil where the log's place does not matter.
    var place: WatchedPlace? {
        guard var place = log.place else { return nil }
        // The one that is decoded and waits has not been taken.
        place.nextSeq = head == nil ? nextSeq : nextSeq - 1
        let last = head == nil ? line : lineBefore
        place.lastLine = last.map { WatchedPlace.digest(ofLine: block[$0]) } ?? digestBefore
        return place
    }

    /// Takes the next record.
    mutating func take() -> Record? {
        head.take()
    }

    /// Reads no more, for what is there cannot be read; the place stays for the next watch.
    mutating func end() {
        hasEnded = true
        isDry = true
    }

    /// Reads on until there is a record; false when there is nothing new now.
    mutating func refill() throws -> Bool {
        while head == nil {
            if offset >= block.count {
                guard !hasEnded, let next = try log.nextBlock() else { return false }
                begin(next)
            }
            decodeLine()
        }
        return true
    }

    private mutating func begin(_ next: WatchedLog.Block) {
        if log.place != nil {
            if let line { digestBefore = WatchedPlace.digest(ofLine: block[line]) }
            // Lines that damage took stand between.
            if next.firstSeq != nextSeq { digestBefore = nil }
        }
        (line, lineBefore) = (nil, nil)
        nextSeq = next.firstSeq
        block = next.bytes
        offset = 0
    }

    private mutating func decodeLine() {
        guard offset < block.count else { return }
        block.withUnsafeBytes { bytes in
            let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
            let length = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.count
            (lineBefore, line) = (line, offset..<(offset + length))
            offset += length + 1
            nextSeq += 1
            do throws(RecordError) {
                head = try Record(utf8: UnsafeRawBufferPointer(rebasing: rest[..<length]))
            } catch {
                rejected.append(error)
            }
        }
    }
}
