import AuditLog
import Events
import Warehouse

/// One log on its way into the warehouse: where reading stands, and the block that comes next.
final class LogFeed {
    let log: LogDirectory
    let key: LogKey
    private var reader: LogReader?
    private var block: LogBlock?
    /// The seq that the next line has, nil until the cursor was looked at.
    private var nextSeq: UInt64?
    /// What the log was told last about where we are.
    private var lease: ReaderLease?

    init(_ log: LogDirectory) throws(LogError) {
        self.log = log
        key = try LogFeed.key(of: log)
    }

    /// Who a log is.
    static func key(of log: LogDirectory) throws(LogError) -> LogKey {
        let identity = try LogIdentity.read(log)
        return LogKey(
            origin: identity.origin, epoch: identity.epoch, name: log.name, kind: identity.purpose.rawValue)
    }

    /// Whether it has been told where to read.
    var isPlaced: Bool { reader != nil }

    /// Goes to where the warehouse has got to, if it is not there already: another ingester may have gone on.
    ///
    /// - Throws: `LogError.rolledBack` where the record before the cursor is not the one that was loaded.
    func place(at cursor: LogCursor) throws(LogError) {
        guard reader == nil || nextSeq != cursor.nextSeq else { return }
        reader = nil
        block = nil
        try check(cursor)
        reader = try LogReader(log, from: cursor.nextSeq)
        nextSeq = cursor.nextSeq
    }

    /// The next block; nil when there is nothing new now.
    func peek() throws(LogError) -> LogBlock? {
        if block == nil { block = try reader?.nextBlock() }
        return block
    }

    /// Passes over the block that `peek` gave.
    func advance() {
        nextSeq = block.map { $0.firstSeq + UInt64($0.lineCount) } ?? nextSeq
        block = nil
    }

    /// Lets the log know how far its records are loaded, so that retention leaves the others: at most once in ten seconds while
    /// records come, and once an hour while none do.
    ///
    /// - Parameter isPausing: whether nothing more is there, so that the place is worth telling at once.
    func renewLease(_ name: String, now: Timestamp, isPausing: Bool) {
        guard let nextSeq else { return }
        if let lease {
            let age = now.since(lease.timestamp)
            let pause: Int64 = lease.nextSeq == nextSeq ? 3_600_000_000 : isPausing ? 1_000_000 : 10_000_000
            if age < pause { return }
        }
        let fresh = ReaderLease(name: name, nextSeq: nextSeq, at: now)
        fresh.renew(in: log)
        lease = fresh
    }

    /// Forgets where it stands: what was read may not have been committed.
    func displace() {
        reader = nil
        block = nil
        nextSeq = nil
    }

    /// The time of the next block's first record; the far past where that line is none.
    func nextTime() throws(LogError) -> Timestamp? {
        guard let block = try peek() else { return nil }
        let record = block.bytes.withUnsafeBytes { bytes in
            try? Record(utf8: UnsafeRawBufferPointer(rebasing: bytes.prefix { $0 != 0x0A }))
        }
        return record?.timestamp ?? Timestamp(microseconds: .min)
    }

    private func check(_ cursor: LogCursor) throws(LogError) {
        guard let leaf = cursor.leaf, cursor.nextSeq > 0 else { return }
        let seq = cursor.nextSeq - 1
        // The record was durable when it was loaded; a writer that is just starting need not have said so again yet.
        guard let block = try LogReader(log, from: seq, uncommitted: true).nextBlock() else {
            throw rolledBack("record \(seq), which was loaded, is no longer there")
        }
        // Retention, or damage that is recorded as a gap, may have taken just this record; then nothing can be said.
        guard block.firstSeq == seq else { return }
        let found = block.bytes.withUnsafeBytes { bytes in
            LeafHash.hex(UnsafeRawBufferPointer(rebasing: bytes.prefix { $0 != 0x0A }))
        }
        guard found == leaf else { throw rolledBack("record \(seq) is not the one that was loaded") }
    }

    private func rolledBack(_ what: String) -> LogError {
        LogError(
            .rolledBack, "the log was rolled back or rewritten: \(what)", path: log.path,
            hint: "tollgate log verify --log \(log.path)")
    }
}
