/// An outcome's line in the writer's own form.
package struct OutcomeLine {
    /// The record's position in the log.
    package private(set) var seq: UInt64
    /// Microseconds since 1970.
    package private(set) var timestamp: Int64
    /// The decision whose request ended.
    package private(set) var of: UInt64
    /// How.
    package private(set) var ending: Ending
    /// JSON-RPC code or HTTP status.
    package private(set) var code: Int64?
    /// What became of what the decision had reserved.
    package private(set) var reservation: ReservationState?
    /// Microseconds held or queued.
    package private(set) var waitMicroseconds: Int64?
    /// Microseconds that the server took.
    package private(set) var upstreamMicroseconds: Int64?
    /// Bytes of the result.
    package private(set) var resultBytes: Int64?
    /// Digest of the result, its bits.
    package private(set) var resultDigest: Int64?

    private static let endings: [(word: [UInt8], ending: Ending)] = Ending.allCases.map {
        (Array($0.rawValue.utf8), $0)
    }

    /// Reads the rest of a line, its `kind` already passed: the order of the lines below is that of the keys.
    init?(_ line: inout LineCursor, seq: UInt64, timestamp: Int64) {
        var rest: LineCursor.Slice?
        var number: Int64?
        guard line.skip(",\"of\":"), let of = line.number(), line.text(after: ",\"agent\":\"", &rest),
            line.text(after: ",\"server\":\"", &rest), line.text(after: ",\"tool\":\"", &rest),
            line.text(after: ",\"method\":\"", &rest), line.skip(",\"outcome\":\""), let word = line.text(),
            let ending = OutcomeLine.ending(line[word])
        else { return nil }
        (self.seq, self.timestamp, self.of, self.ending) = (seq, timestamp, UInt64(of), ending)
        if line.skip(",\"code\":") {
            let isNegative = line.skip("-")
            guard let number = line.number() else { return nil }
            code = isNegative ? -number : number
        }
        if line.skip(",\"reservation\":\"") {
            if line.skip("committed\"") {
                reservation = .committed
            } else if line.skip("rolled_back\"") {
                reservation = .rolledBack
            } else {
                return nil
            }
        }
        guard line.number(after: ",\"wait_us\":", &waitMicroseconds),
            line.number(after: ",\"upstream_us\":", &upstreamMicroseconds),
            line.number(after: ",\"gateway_us\":", &number), line.number(after: ",\"result_bytes\":", &resultBytes),
            line.digest(after: ",\"result_digest\":\"", &resultDigest), line.skip("}"), line.isAtEnd
        else { return nil }
    }

    @inline(__always)
    private static func ending(_ word: UnsafeRawBufferPointer) -> Ending? {
        for known in endings where known.word.count == word.count && word.elementsEqual(known.word) {
            return known.ending
        }
        return nil
    }
}
