package import AuditLog
package import Events

/// Reads a log's records in their order, and no more of them than a replay needs.
///
/// Decoding a record whole takes longer than deciding it again. Outcomes matter only by their `of` and where they gave
/// something back; decisions, to most replays, only by what their verdict hangs on.
package struct LogWalk {
    private let reader: LogReader
    private let end: UInt64
    private let isBrief: Bool

    /// Opens a log.
    ///
    /// - Parameters:
    ///   - time: where to begin, as near before as the log's blocks allow; nil for its beginning.
    ///   - end: the seq to stop before.
    ///   - isBrief: whether decisions may lack what no verdict hangs on: what the record keeps of the arguments, the method,
    ///     the client, the gateway.
    /// - Throws: `LogError`.
    package init(_ log: LogDirectory, from time: Timestamp? = nil, end: UInt64 = .max, isBrief: Bool = false)
        throws(LogError)
    {
        if let time {
            reader = try LogReader(log, fromTime: time)
        } else {
            reader = try LogReader(log)
        }
        self.end = end
        self.isBrief = isBrief
    }

    /// Hands over each record: its seq, its time, what it means.
    ///
    /// A line that cannot be read counts as lost. An outcome's time is only read where it gave something back; elsewhere it is the last decision's.
    ///
    /// - Parameter progress: told now and then how many records were read.
    /// - Throws: `LogError`, and what `body` throws.
    package func forEach(
        _ progress: (Int) -> Void = { _ in }, _ body: (UInt64, Timestamp, ReplayStep) throws -> Void
    ) throws {
        var count = 0
        var time = Timestamp(microseconds: .min)
        var lines = LineReader()
        var decisions = BriefDecisions()
        while reader.nextSeq < end, let block = try reader.nextBlock() {
            if block.skipped != nil { try body(block.firstSeq, time, .lost) }
            try block.forEachLine { seq, line in
                guard seq < end else { return }
                count += 1
                switch lines.read(line) {
                case .outcome(let outcome)? where outcome.reservation != .rolledBack:
                    return try body(seq, time, .outcome(of: outcome.of, isRolledBack: false))
                case .decision? where isBrief:
                    guard let found = decisions.decision(lines.decision, line) else { break }
                    time = Timestamp(microseconds: lines.decision.timestamp)
                    return try body(seq, time, ReplayStep(of: found))
                default: break
                }
                guard let record = try? Record(utf8: line) else { return try body(seq, time, .lost) }
                time = record.timestamp
                try body(seq, time, ReplayStep(record.body))
            }
            progress(count)
        }
    }
}
