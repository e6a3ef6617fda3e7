import Events

/// One row of `call` or `request` before it is written, in the numbers that the columns hold.
struct DecidedRequest {
    var id: Int64
    var timestamp: Int64
    var isCall: Bool
    var actor: Int64
    var agent: Int64
    var tool: Int64
    var toolBase: Int64
    var verdict: Int64
    var outcome: Int64 = 0
    var isStopped: Bool
    var isNear: Bool
    var session: Int64?
    var client: Int64?
    var code: Int64?
    var decideMicroseconds: Int64?
    var waitMicroseconds: Int64?
    var upstreamMicroseconds: Int64?
    var argumentDigest: Int64?
    var argumentBytes: Int64?
    var resultDigest: Int64?
    var resultBytes: Int64?
    var limitUsed: Int64?
    var retryAfterMilliseconds: Int64?
    var finalSeq: Int64?
    var n: Int64 = 1

    /// Joins the outcome.
    mutating func join(_ result: JoinedOutcome) {
        outcome = result.outcome
        code = result.code
        waitMicroseconds = result.waitMicroseconds ?? waitMicroseconds
        upstreamMicroseconds = result.upstreamMicroseconds
        resultDigest = result.resultDigest
        resultBytes = result.resultBytes
    }

    /// Takes over the verdict of the decision that ended this call's hold; the call keeps its first decision's time.
    mutating func end(with final: DecidedRequest) {
        verdict = final.verdict
        isStopped = final.isStopped
        isNear = final.isNear
        limitUsed = final.limitUsed
        retryAfterMilliseconds = final.retryAfterMilliseconds
        waitMicroseconds = max(0, final.timestamp - timestamp)
        finalSeq = final.id & RecordID.seqMask
    }
}

/// An outcome in the numbers that the columns hold.
struct JoinedOutcome {
    var outcome: Int64
    var code: Int64?
    var waitMicroseconds: Int64?
    var upstreamMicroseconds: Int64?
    var resultDigest: Int64?
    var resultBytes: Int64?

    init(outcome: Int64) {
        self.outcome = outcome
    }

    init(_ outcome: Outcome) {
        self.outcome = OutcomeCode.of(outcome.ending)
        code = outcome.code.map(Int64.init)
        waitMicroseconds = outcome.waitMicroseconds.map(Int64.init)
        upstreamMicroseconds = outcome.upstreamMicroseconds.map(Int64.init)
        resultDigest = outcome.resultDigest.map { Int64(bitPattern: $0.value) }
        resultBytes = outcome.resultBytes.map(Int64.init)
    }
}

/// The rows of `outcome`, which the schema fills.
enum OutcomeCode {
    private static let endings: [Ending] = [
        .ok, .toolError, .rpcError, .httpError, .timeout, .cancelled, .disconnected, .upstreamDown, .overloaded,
        .notForwarded, .unanswered,
    ]

    /// The row of an ending; 0 is no outcome.
    static func of(_ ending: Ending) -> Int64 {
        Int64((endings.firstIndex(of: ending) ?? -1) + 1)
    }

    /// The ending of a row, nil for 0.
    static func ending(_ code: Int64) -> Ending? {
        code >= 1 && code <= endings.count ? endings[Int(code) - 1] : nil
    }

    /// Whether the call failed, for which nobody but upstream or network answers.
    static func isError(_ code: Int64) -> Bool {
        switch ending(code) {
        case .toolError, .rpcError, .httpError, .timeout, .upstreamDown, .overloaded: true
        case .ok, .cancelled, .disconnected, .notForwarded, .unanswered, nil: false
        }
    }
}

/// Buckets of durations: four an octave, so that a percentile read from them is within 12 % of the true one.
enum LatencyBucket {
    /// The bucket of a duration in microseconds: 4e + m holds 2^e (1 + m/4) … 2^e (1 + (m + 1)/4); below 4 itself.
    static func of(_ microseconds: Int64) -> Int64 {
        guard microseconds >= 4 else { return max(0, microseconds) }
        let exponent = Int64(63 - microseconds.leadingZeroBitCount)
        return 4 * exponent + (microseconds >> (exponent - 2)) & 3
    }

    /// The first duration of a bucket, in microseconds.
    static func start(_ bucket: Int64) -> Int64 {
        bucket < 8 ? min(bucket, 4) : (4 + bucket & 3) << (bucket >> 2 - 2)
    }
}
