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
        var days = DayText()
        var scan = DecisionScan()
        while reader.nextSeq < end, let block = try reader.nextBlock() {
            if block.skipped != nil { try body(block.firstSeq, time, .lost) }
            try block.forEachLine { seq, line in
                guard seq < end else { return }
                count += 1
                if let of = OutcomeScan.settled(line, &days) {
                    return try body(seq, time, .outcome(of: of, isRolledBack: false))
                }
                if isBrief, let found = scan.read(line) {
                    time = found.time
                    return try body(seq, time, ReplayStep(of: found.decision))
                }
                guard let record = try? Record(utf8: line) else { return try body(seq, time, .lost) }
                time = record.timestamp
                try body(seq, time, ReplayStep(record.body))
            }
            progress(count)
        }
    }
}

/// A look at an outcome's line without decoding it.
enum OutcomeScan {
    /// The decision that an outcome ends without giving anything back; nil for any other line, and for one that is not
    /// written as tollgate writes it.
    static func settled(_ bytes: UnsafeRawBufferPointer, _ days: inout DayText) -> UInt64? {
        var line = LineCursor(bytes)
        var rest: LineCursor.Slice?
        var number: Int64?
        guard line.skip("{\"v\":1,\"seq\":"), line.number() != nil, line.skip(",\"ts\":\""), line.moment(&days) != nil,
            line.skip(",\"kind\":\"outcome\",\"of\":"), let of = line.number(),
            line.text(after: ",\"agent\":\"", &rest), line.text(after: ",\"server\":\"", &rest),
            line.text(after: ",\"tool\":\"", &rest), line.text(after: ",\"method\":\"", &rest),
            line.text(after: ",\"outcome\":\"", &rest), rest != nil
        else { return nil }
        if line.skip(",\"code\":") {
            _ = line.skip("-")
            guard line.number() != nil else { return nil }
        }
        if line.skip(",\"reservation\":\""), !line.skip("committed\"") { return nil }

        guard line.number(after: ",\"wait_us\":", &number), line.number(after: ",\"upstream_us\":", &number),
            line.number(after: ",\"gateway_us\":", &number), line.number(after: ",\"result_bytes\":", &number),
            !line.skip(",\"result_digest\":\"") || line.digest() != nil, line.skip("}"), line.isAtEnd
        else { return nil }
        return UInt64(of)
    }
}
