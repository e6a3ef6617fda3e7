/// Reads lines in the writer's own form without building records: a tenth of the time that decoding takes.
///
/// All other lines, also those that are right but unusual, are for `Record(utf8:)`.
package struct LineReader {
    /// What a line is.
    package enum Line {
        /// A decision, which `decision` now holds.
        case decision
        /// An outcome.
        case outcome(OutcomeLine)
    }

    /// The decision that was read last.
    package private(set) var decision = DecisionLine()
    private var days = DayText()

    /// Has read nothing.
    package init() {}

    /// Reads a line without its newline; nil where only `Record(utf8:)` can judge it.
    package mutating func read(_ bytes: UnsafeRawBufferPointer) -> Line? {
        guard bytes.count < 32 << 10 else { return nil }
        var line = LineCursor(bytes)
        guard line.skip("{\"v\":1,\"seq\":"), let seq = line.number(), line.skip(",\"ts\":\""),
            let timestamp = line.moment(&days), line.skip(",\"kind\":\"")
        else { return nil }
        if line.skip("decision\"") {
            return decision.read(&line, seq: UInt64(seq), timestamp: timestamp) ? .decision : nil
        }
        guard line.skip("outcome\"") else { return nil }
        return OutcomeLine(&line, seq: UInt64(seq), timestamp: timestamp).map { .outcome($0) }
    }
}
