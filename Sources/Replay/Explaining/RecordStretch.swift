import AuditLog
import Events

/// A stretch of one log, decoded whole.
enum RecordStretch {
    /// The record of a seq; nil where it is not kept.
    static func record(_ seq: UInt64, of log: LogDirectory) throws(LogError) -> Record? {
        let reader = try LogReader(log, from: seq)
        var found: Record?
        while found == nil, reader.nextSeq <= seq, let block = try reader.nextBlock() {
            block.forEachLine { number, line in
                if number == seq { found = try? Record(utf8: line) }
            }
        }
        return found
    }

    /// Hands over the records from a time, or a seq, on, up to a seq.
    static func each(
        of log: LogDirectory, from time: Timestamp, through last: UInt64, _ body: (UInt64, Record) -> Void
    ) throws(LogError) {
        let reader = try LogReader(log, fromTime: time)
        while reader.nextSeq <= last, let block = try reader.nextBlock() {
            block.forEachLine { seq, line in
                guard seq <= last, let record = try? Record(utf8: line), record.timestamp >= time else { return }
                body(seq, record)
            }
        }
    }
}
