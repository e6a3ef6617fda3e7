import Crypto
import Events

/// Writes records that come from elsewhere into a log of kind `import`.
///
/// Times are kept; seqs are kept where they are the next one, else given anew, and outcomes follow their decisions. At the end
/// an `import` record says how many there were, from where to where, and the SHA-256 of what was read.
public struct LogImporter: ~Copyable {
    /// A line that was not imported.
    public struct Rejection: Sendable {
        /// Its number, from 1.
        public let line: Int
        /// Why.
        public let reason: String
    }

    /// Records imported.
    public private(set) var count = 0
    /// Records whose seq is another now.
    public private(set) var renumbered = 0
    /// Lines that were not.
    public private(set) var rejections = 0
    /// The first of them, at most twenty.
    public private(set) var firstRejections: [Rejection] = []
    /// Fields that were left out because this tollgate does not know them, with the number of records that had each; at
    /// most a hundred names, later ones as `(other)`.
    public private(set) var leftOut: [String: Int] = [:]
    private let writer: LogWriter
    private var hash = SHA256()
    private var lines = 0
    private var first: UInt64?
    private var last: UInt64 = 0
    private var lastTime: Timestamp?
    /// Decisions whose outcome has not come, by their old seq.
    private var open: [UInt64: UInt64] = [:]

    /// - Parameter writer: of a log of kind `import`.
    public init(into writer: LogWriter) {
        self.writer = writer
        lastTime = writer.recovery.lastTimestamp
    }

    /// Imports one line, its line feed left off; blank ones are passed over.
    ///
    /// - Throws: `LogError.disk` where nothing can be written.
    public mutating func append(_ line: UnsafeRawBufferPointer) throws(LogError) {
        lines += 1
        hash.update(bufferPointer: line)
        withUnsafeBytes(of: UInt8(0x0A)) { hash.update(bufferPointer: $0) }
        guard line.contains(where: { $0 != 0x20 && $0 != 0x0D && $0 != 0x09 }) else { return }
        let record: Record
        var passedOver: [String] = []
        do throws(RecordError) {
            record = try Record(utf8: line, passedOver: &passedOver)
        } catch {
            return reject("no record: \(error)")
        }
        var body = record.body
        if case .outcome(var outcome) = body {
            guard let seq = open.removeValue(forKey: outcome.of) else {
                return reject("the outcome of record \(outcome.of), which has not come before it")
            }
            outcome.of = seq
            body = .outcome(outcome)
        }
        if let lastTime, record.timestamp < lastTime, !writer.beginSegment() { throw refused() }
        guard let ticket = writer.append(body, at: record.timestamp) else { throw refused() }
        // Only what went on has an outcome.
        if case .decision(let decision) = body, decision.verdict == .allow || decision.mode == .shadow {
            open[record.seq] = ticket.seq
        }
        if ticket.seq != record.seq { renumbered += 1 }
        first = first ?? ticket.seq
        (last, lastTime) = (ticket.seq, record.timestamp)
        count += 1
        for name in passedOver {
            let isKept = leftOut[name] != nil || (leftOut.count < 100 && name.utf8.count <= 64)
            leftOut[isKept ? name : "(other)", default: 0] += 1
        }
    }

    /// Takes note of a line that is longer than any record.
    public mutating func rejectOverlong() {
        lines += 1
        reject("longer than a record may be")
    }

    /// Writes the `import` record; nothing where nothing was imported.
    ///
    /// - Throws: `LogError.disk`.
    public mutating func finish() throws(LogError) {
        guard let first, let lastTime else { return }
        let digest = hash.finalize().withUnsafeBytes { TreeHash($0)?.hexadecimal }
        let control = Control(.import).with(.n, count).with(.firstSeq, first).with(.lastSeq, last).with(.sha256, digest)
        guard let ticket = writer.append(.control(control), at: lastTime),
            writer.waitUntilDurable(ticket, milliseconds: 60_000) == .durable
        else { throw refused() }
    }

    private mutating func reject(_ reason: String) {
        rejections += 1
        if firstRejections.count < 20 { firstRejections.append(Rejection(line: lines, reason: reason)) }
    }

    private func refused() -> LogError {
        LogError(
            .disk, "line \(lines) cannot be written: \(writer.trouble?.description ?? "the log is closed")",
            path: writer.log.path, hint: "df -h \(writer.log.path)")
    }
}
