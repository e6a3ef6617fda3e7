package import AuditLog
package import Events
import Glibc

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
        while reader.nextSeq < end, let block = try reader.nextBlock() {
            if block.skipped != nil { try body(block.firstSeq, time, .lost) }
            try block.forEachLine { seq, line in
                guard seq < end else { return }
                count += 1
                if let of = OutcomeScan.settled(line) {
                    return try body(seq, time, .outcome(of: of, isRolledBack: false))
                }
                if isBrief, let found = DecisionScan.read(line) {
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
    private static let version = Array("{\"v\":1,\"seq\":".utf8)
    private static let kind = Array("\",\"kind\":\"outcome\",\"of\":".utf8)
    private static let rolledBack = Array("rolled_bac".utf8)
    /// Bytes from behind the seq to the kind: `,"ts":"` and the time.
    private static let toKind = 7 + Timestamp.textLength

    /// The decision that an outcome ends without giving anything back; nil for any other line, and for one that is not
    /// written as tollgate writes it.
    static func settled(_ line: UnsafeRawBufferPointer) -> UInt64? {
        guard stands(version, in: line, at: 0) else { return nil }
        var place = version.count
        while place < line.count, line[place] &- 0x30 < 10 { place += 1 }
        place += toKind
        guard stands(kind, in: line, at: place), !givesBack(line) else { return nil }
        var of: UInt64 = 0
        var index = place + kind.count
        let first = index
        while index < line.count, line[index] &- 0x30 < 10, index - first < 17 {
            of = of * 10 + UInt64(line[index] - 0x30)
            index += 1
        }
        return index > first ? of : nil
    }

    private static func stands(_ text: [UInt8], in line: UnsafeRawBufferPointer, at place: Int) -> Bool {
        guard place + text.count <= line.count, let base = line.baseAddress else { return false }
        return text.withUnsafeBytes { memcmp(base + place, $0.baseAddress ?? base, text.count) == 0 }
    }

    /// Whether `rolled_back` stands anywhere: looked for by its last letter, which is rare.
    private static func givesBack(_ line: UnsafeRawBufferPointer) -> Bool {
        guard let base = line.baseAddress else { return false }
        var place = 0
        while let found = memchr(base + place, 0x6B, line.count - place) {
            let index = UnsafeRawPointer(found) - base
            if index >= rolledBack.count, stands(rolledBack, in: line, at: index - rolledBack.count) { return true }
            place = index + 1
        }
        return false
    }
}
