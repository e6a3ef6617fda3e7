public import Events

/// One line of one log on its way to the screen.
public struct TailEntry: Sendable {
    /// Which log, by its place among the merger's sources.
    public var log: Int
    /// The line's own bytes, without its newline.
    public var bytes: [UInt8]
    /// What the line says; nil where it could not be read.
    public var record: Record?
    /// The time it is sorted by: its own `ts`, or that of the line before it where the clock stepped back.
    public var order: Timestamp
    /// How long the call took and how it ended, where that is known before the line is shown.
    public var outcome: Outcome?

    /// Reads one line; a line that is no record sorts with the one before it.
    init(log: Int, bytes: [UInt8], after previous: Timestamp) {
        self.log = log
        self.bytes = bytes
        record = bytes.withUnsafeBytes { try? Record(utf8: $0) }
        order = max(record?.timestamp ?? previous, previous)
    }
}

/// Names one record across several logs.
struct TailRecordID: Hashable {
    let log: Int
    let seq: UInt64
}
