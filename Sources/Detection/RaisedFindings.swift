import Events

/// The findings that are raised, each until its count has been calm for long enough.
struct RaisedFindings: Sendable {
    private struct Key: Hashable {
        var pair: Int
        var rule: RuleName
    }

    private struct Entry {
        var finding: Finding
        /// The arguments of the call that raised it, and how often they came since.
        var arguments: Digest64?
        var same: Int
        /// The attempts before the finding's first call, and refusals.
        var attemptsBefore: UInt32
        var refusedBefore: UInt32
        var toldAttempts: Int
        /// The order of raising, which breaks ties among equal due times.
        var order: UInt64
    }

    private let calm: Int64
    private var entries: [Key: Entry] = [:]
    private var order: UInt64 = 0
    /// No finding is due before; it may be too early, never too late.
    private var nextDue = Int64.max

    init(calmMicroseconds: Int64) {
        calm = calmMicroseconds
    }

    /// All raised findings, in the order of raising.
    var findings: [Finding] {
        entries.values.sorted { $0.order < $1.order }.map(\.finding)
    }

    /// Raises a finding.
    mutating func raise(_ finding: Finding, pair: Int, arguments: Digest64?, origin: EpisodeOrigin) {
        entries[Key(pair: pair, rule: finding.rule)] = Entry(
            finding: finding, arguments: arguments, same: finding.same, attemptsBefore: origin.attemptsBefore,
            refusedBefore: origin.refusedBefore,
            toldAttempts: finding.attempts, order: order)
        order += 1
        nextDue = min(nextDue, finding.lastSeen.microseconds + calm)
    }

    /// Counts a call with a raised finding's arguments, whether or not it keeps the finding going.
    mutating func count(_ rule: RuleName, pair: Int, _ call: CallEvent) {
        let key = Key(pair: pair, rule: rule)
        guard let entry = entries[key], entry.arguments == call.arguments else { return }
        entries[key]?.same += call.attempts
    }

    /// Counts a call that keeps a finding going; returns it when it has grown threefold since it was last told.
    mutating func sustain(
        _ rule: RuleName, pair: Int, by call: CallEvent, reading: RuleReading, state: PairState
    ) -> Finding? {
        let key = Key(pair: pair, rule: rule)
        guard var entry = entries[key], reading.sustains(entry.finding.threshold) else { return nil }
        entry.finding.attempts = Int(state.attempts &- entry.attemptsBefore)
        entry.finding.denied = Int(state.refused &- entry.refusedBefore)
        entry.finding.same = min(entry.same, entry.finding.attempts)
        entry.finding.peakPerMinute = max(entry.finding.peakPerMinute, state.minute.total)
        entry.finding.resultUnchanged = entry.finding.resultUnchanged && state.unchangedResults >= 2
        entry.finding.lastSeen = Timestamp(microseconds: state.lastSeen)
        entry.finding.lastRecord = call.record
        let grown = entry.finding.attempts >= 3 * entry.toldAttempts
        if grown { entry.toldAttempts = entry.finding.attempts }
        entries[key] = entry
        return grown ? entry.finding : nil
    }

    /// Takes out what has been calm until `now`, in the order in which it fell due.
    mutating func clear(until now: Int64) -> [(pair: Int, change: FindingChange)] {
        guard now >= nextDue else { return [] }
        var due: [(at: Int64, key: Key, entry: Entry)] = []
        nextDue = .max
        for (key, entry) in entries {
            let at = entry.finding.lastSeen.microseconds + calm
            if at <= now {
                due.append((at, key, entry))
            } else {
                nextDue = min(nextDue, at)
            }
        }
        due.sort { ($0.at, $0.entry.order) < ($1.at, $1.entry.order) }
        return due.map { item in
            entries[item.key] = nil
            let at = Timestamp(microseconds: item.at)
            return (item.key.pair, FindingChange(kind: .cleared, finding: item.entry.finding, at: at))
        }
    }
}
