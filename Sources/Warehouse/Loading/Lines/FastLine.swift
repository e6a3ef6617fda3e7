import Events

/// A line in the writer's own form, read without building a record.
enum FastLine {
    case decision(DecisionLine)
    case outcome(OutcomeLine, seq: UInt64, timestamp: Int64)

    /// Nil for a line that only `Record(utf8:)` can judge.
    init?(_ bytes: UnsafeRawBufferPointer, _ days: inout DayText) {
        guard bytes.count < 32 << 10 else { return nil }
        var line = LineCursor(bytes)
        guard line.skip("{\"v\":1,\"seq\":"), let seq = line.number(), line.skip(",\"ts\":\""),
            let timestamp = line.moment(&days), line.skip(",\"kind\":\"")
        else { return nil }
        if line.skip("decision\"") {
            guard let decision = DecisionLine(&line, seq: UInt64(seq), timestamp: timestamp) else { return nil }
            self = .decision(decision)
        } else if line.skip("outcome\"") {
            guard let outcome = OutcomeLine(&line) else { return nil }
            self = .outcome(outcome, seq: UInt64(seq), timestamp: timestamp)
        } else {
            return nil
        }
    }
}
