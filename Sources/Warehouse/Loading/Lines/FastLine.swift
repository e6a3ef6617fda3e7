import Events

/// What a line in the writer's own form is, read without building a record.
enum FastLine {
    /// A decision, which was read into what `init` was given.
    case decision
    case outcome(OutcomeLine, seq: UInt64, timestamp: Int64)

    /// Nil for a line that only `Record(utf8:)` can judge.
    init?(_ bytes: UnsafeRawBufferPointer, _ days: inout DayText, into decision: inout DecisionLine) {
        guard bytes.count < 32 << 10 else { return nil }
        var line = LineCursor(bytes)
        guard line.skip("{\"v\":1,\"seq\":"), let seq = line.number(), line.skip(",\"ts\":\""),
            let timestamp = line.moment(&days), line.skip(",\"kind\":\"")
        else { return nil }
        if line.skip("decision\"") {
            guard decision.read(&line, seq: UInt64(seq), timestamp: timestamp) else { return nil }
            self = .decision
        } else if line.skip("outcome\"") {
            guard let outcome = OutcomeLine(&line) else { return nil }
            self = .outcome(outcome, seq: UInt64(seq), timestamp: timestamp)
        } else {
            return nil
        }
    }
}
