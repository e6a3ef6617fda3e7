import AuditLog
import Events
import Policy

/// What a starting gateway rebuilt its counters from, as the log tells it.
struct StartingCounters {
    /// The policies in force at the start, in the order in which they were loaded.
    var policies: [(name: String, policy: CompiledPolicy)] = []
    /// The record of the start: what was before it counts.
    let seq: UInt64
    /// When it was.
    let time: Timestamp

    init(seq: UInt64, time: Timestamp) {
        self.seq = seq
        self.time = time
    }

    /// How far back the counters are rebuilt from, in microseconds.
    var reach: Int64 { policies.map(\.policy.longestWindow).max() ?? 0 }

    mutating func load(_ name: String, _ policy: CompiledPolicy?) {
        // A second policy of a name is a reload, which counters outlive.
        guard let policy, !policies.contains(where: { $0.name == name }) else { return }
        policies.append((name, policy))
    }

    /// Counts again, as the gateway did at its start, what allowed calls took in the last windows before it and nobody
    /// gave back.
    ///
    /// - Parameter isShared: whether the gateway serves many policies, each with the calls under its name; `run` has one,
    ///   which takes all.
    /// - Throws: `LogError`.
    func counters(of log: LogDirectory, isShared: Bool) throws -> LimitCounters {
        var counters = LimitCounters()
        guard reach > 0 else { return counters }
        let begin = time.advanced(by: -reach)
        var taken: [UInt64: (policy: CompiledPolicy, reservation: Reservation)] = [:]
        try LogWalk(log, from: begin, end: seq, isBrief: true).forEach { seq, recorded, step in
            switch step {
            case .call(let decision):
                let at = min(recorded, time)
                let name = decision.policy ?? ""
                guard at > begin, let reservation = Reservation(decision, at: at),
                    let policy = isShared ? policies.first(where: { $0.name == name })?.policy : policies.first?.policy
                else { return }
                taken[seq] = (policy, reservation)
            case .outcome(let of, let isRolledBack): if isRolledBack { taken[of] = nil }
            default: break
            }
        }
        for (_, taking) in taken.sorted(by: { $0.key < $1.key }) {
            counters.restore(taking.reservation, under: taking.policy)
        }
        return counters
    }
}
