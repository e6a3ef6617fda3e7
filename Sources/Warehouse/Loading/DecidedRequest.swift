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

    static let stoppedMark: Int64 = 1
    static let nearMark: Int64 = 2
    /// The column `mark`: no call is both.
    var mark: Int64 { isStopped ? Self.stoppedMark : isNear ? Self.nearMark : 0 }

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

    init(_ line: OutcomeLine) {
        outcome = OutcomeCode.of(line.ending)
        code = line.code
        waitMicroseconds = line.waitMicroseconds.map(Bound.duration)
        upstreamMicroseconds = line.upstreamMicroseconds.map(Bound.duration)
        resultDigest = line.resultDigest
        resultBytes = line.resultBytes
    }

    init(_ outcome: Outcome) {
        self.outcome = OutcomeCode.of(outcome.ending)
        code = outcome.code.map(Int64.init)
        waitMicroseconds = outcome.waitMicroseconds.map { Bound.duration(Int64($0)) }
        upstreamMicroseconds = outcome.upstreamMicroseconds.map { Bound.duration(Int64($0)) }
        resultDigest = outcome.resultDigest.map { Int64(bitPattern: $0.value) }
        resultBytes = outcome.resultBytes.map(Int64.init)
    }
}

/// What sums may be made of: a log may say any number up to 2^53, and SQLite's `sum` stops at 2^63.
enum Bound {
    /// A duration in microseconds, at most 12 days.
    @inline(__always)
    static func duration(_ microseconds: Int64) -> Int64 {
        min(max(microseconds, 0), 1 << 40)
    }

    /// How many alike one record stands for.
    static func count(_ n: Int) -> Int64 {
        Int64(min(max(n, 0), 1 << 32))
    }
}
