import Events

/// What is counted of calls.
public struct TopCounts: Sendable, Equatable {
    /// Calls that were decided.
    public var calls = 0
    /// Of these, denied and not only in shadow.
    public var denied = 0
    /// Of these, throttled and not only in shadow.
    public var throttled = 0
    /// Calls that reached the server, or should have, and failed: as in the reports.
    public var errors = 0

    static func += (sum: inout TopCounts, more: TopCounts) {
        sum.calls += more.calls
        sum.denied += more.denied
        sum.throttled += more.throttled
        sum.errors += more.errors
    }

    /// Whether the reports count such an end as an error: the caller's leaving and what nobody knows are none.
    static func isError(_ ending: Ending) -> Bool {
        switch ending {
        case .toolError, .rpcError, .httpError, .timeout, .upstreamDown, .overloaded: true
        case .ok, .cancelled, .disconnected, .notForwarded, .unanswered: false
        }
    }
}

/// Counts of the last hour, by the clock's minutes.
struct MinuteCounts: Sendable {
    static let kept = 60

    private var slots = [TopCounts](repeating: TopCounts(), count: kept)
    private var minute: Int64

    init(at moment: Timestamp) {
        minute = MinuteCounts.minute(of: moment)
    }

    mutating func add(_ counts: TopCounts, at moment: Timestamp) {
        let now = MinuteCounts.minute(of: moment)
        let ahead = now - minute
        if ahead > 0 {
            for passed in 1...min(ahead, Int64(MinuteCounts.kept)) {
                slots[MinuteCounts.slot(minute + passed)] = TopCounts()
            }
            minute = now
        }
        guard minute - now < Int64(MinuteCounts.kept) else { return }
        slots[MinuteCounts.slot(now)] += counts
    }

    /// The minute that a moment lies in, and those before it, so many in all.
    func sum(minutes: Int, at now: Timestamp) -> TopCounts {
        let last = MinuteCounts.minute(of: now)
        var sum = TopCounts()
        for back in 0..<Int64(min(minutes, MinuteCounts.kept)) {
            let wanted = last - back
            if wanted <= minute, minute - wanted < Int64(MinuteCounts.kept) { sum += slots[MinuteCounts.slot(wanted)] }
        }
        return sum
    }

    private static func minute(of moment: Timestamp) -> Int64 {
        moment.microseconds.quotientAndRemainderFloored(60_000_000).quotient
    }

    private static func slot(_ minute: Int64) -> Int {
        Int(minute.quotientAndRemainderFloored(Int64(kept)).remainder)
    }
}

/// How long the newest answers took.
struct RecentDurations: Sendable {
    static let kept = 128

    private var ring: [UInt32] = []
    private var next = 0
    /// The same in order of size, so that reading a percentile costs nothing.
    private var sorted: [UInt32] = []

    mutating func add(microseconds: Int64) {
        let value = UInt32(clamping: microseconds)
        if ring.count < RecentDurations.kept {
            ring.append(value)
        } else {
            sorted.remove(at: place(of: ring[next]))
            ring[next] = value
            next = (next + 1) % RecentDurations.kept
        }
        sorted.insert(value, at: place(of: value))
    }

    /// The 95th percentile in microseconds, by nearest rank; nil before the first answer.
    var p95: Int64? {
        sorted.isEmpty ? nil : Int64(sorted[(sorted.count * 95 + 99) / 100 - 1])
    }

    /// The first place whose value is not smaller.
    private func place(of value: UInt32) -> Int {
        var low = 0
        var high = sorted.count
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
