import Events

/// One of a pair's newest calls, as it is listed.
struct TopCall: Sendable, Equatable {
    let id: TailRecordID
    let moment: Timestamp
    let verdict: String
    let ink: Ink
    /// Reason, rule and limit, as `tail` says them.
    let why: String
    let arguments: Digest64?
    /// How it ended; empty while that is not known.
    var ended = ""
    var endedInk: Ink = .dim

    init(_ decision: Decision, _ id: TailRecordID, at moment: Timestamp) {
        self.id = id
        self.moment = moment
        verdict = TailFormatter.verdict(decision)
        ink = decision.mode == .shadow ? .dim : TailFormatter.ink(decision.verdict)
        why = TailFormatter.why(decision)
        arguments = decision.argumentDigest
    }

    mutating func end(_ outcome: Outcome) {
        let took = TailFormatter.duration(outcome).map { Words.duration(microseconds: $0) } ?? ""
        guard outcome.ending != .ok else {
            ended = took
            return
        }
        let code = outcome.code.map { " \($0)" } ?? ""
        ended = outcome.ending.rawValue + code + (took.isEmpty ? "" : " " + took)
        endedInk = TopCounts.isError(outcome.ending) ? .red : .yellow
    }
}

/// A pair's newest calls.
struct RecentCalls: Sendable {
    static let kept = 32

    private var ring: [TopCall] = []
    private var next = 0

    mutating func add(_ call: TopCall) {
        if ring.count < RecentCalls.kept {
            ring.append(call)
        } else {
            ring[next] = call
            next = (next + 1) % RecentCalls.kept
        }
    }

    mutating func end(_ id: TailRecordID, _ outcome: Outcome) {
        guard let index = ring.firstIndex(where: { $0.id == id }) else { return }
        ring[index].end(outcome)
    }

    /// The newest first.
    var newestFirst: [TopCall] { (ring[next...] + ring[..<next]).reversed() }
}
