import Events

/// What a row needs to know of its verdict.
struct VerdictFacts {
    let isStopped: Bool
    private let passes: Bool
    private let limit: Int64

    init(_ decision: Decision) {
        isStopped = decision.mode == .enforce && (decision.verdict == .deny || decision.verdict == .throttle)
        passes = decision.verdict == .allow
        limit = Int64(decision.limit?.maximum ?? 0)
    }

    /// Whether the call passed with its limit at least 80 % used.
    @inline(__always)
    func isNear(used: Int64?) -> Bool {
        guard passes, limit > 0, let used else { return false }
        let (fivefold, overflow) = used.multipliedReportingOverflow(by: 5)
        return overflow || fivefold / 4 >= limit
    }
}
