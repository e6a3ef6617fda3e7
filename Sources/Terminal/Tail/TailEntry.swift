public import Events

/// One line of one log on its way to the screen.
public struct TailEntry: Sendable {
    /// Which log, by its place among the merger's sources.
    public var log: Int
    /// The line's place in its log.
    public var seq: UInt64
    /// The line's own bytes, without its newline.
    public var bytes: [UInt8]
    /// What the line says; nil where it could not be read.
    public var record: Record?
    /// Seqs that should stand here and cannot be read; then there are no bytes and no record.
    public var missing: Range<UInt64>?
    /// The time it is sorted by: its own `ts`, or that of the line before it where the clock stepped back.
    public var order: Timestamp
    /// When it was read; nil for what was there before following began.
    var seen: Timestamp?
    /// How long the call took and how it ended, where that is known before the line is shown.
    public var outcome: Outcome?

    /// Reads one line; a line that is no record sorts with the one before it.
    init(log: Int, seq: UInt64, bytes: [UInt8], after previous: Timestamp) {
        self.log = log
        self.seq = seq
        self.bytes = bytes
        record = bytes.withUnsafeBytes { try? Record(utf8: $0) }
        order = max(record?.timestamp ?? previous, previous)
    }

    /// A hole in the log, which sorts with the line behind it.
    init(log: Int, missing: Range<UInt64>, before next: Timestamp) {
        self.log = log
        self.missing = missing
        seq = missing.lowerBound
        bytes = []
        order = next
    }
}

/// Names one record across several logs.
struct TailRecordID: Hashable {
    let log: Int
    let seq: UInt64
}
