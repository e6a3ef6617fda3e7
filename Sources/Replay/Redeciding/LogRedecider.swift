public import AuditLog
import Events
import Policy

/// Recomputes every verdict of a log from the log and the policies kept beside it, and nothing else.
///
/// Policies are followed by the digest that each decision names, counters by the policies' names, across reloads; what
/// outcomes gave back is given back; at each start of a writer the counters are rebuilt as the gateway rebuilt them.
/// Where records are missing, a verdict that limits decide is not judged until the longest window is over.
public struct LogRedecider {
    private let log: LogDirectory

    /// Redecides this log.
    public init(_ log: LogDirectory) {
        self.log = log
    }

    /// Reads the log to its end.
    ///
    /// - Parameter progress: told now and then how many records were read.
    /// - Throws: `LogError`.
    public func run(_ progress: (Int) -> Void = { _ in }) throws -> Redecision {
        var replay = RedecidingReplay(log)
        try LogWalk(log, isBrief: true).forEach(progress) { seq, time, step in try replay.take(seq, time, step) }
        return replay.result
    }
}

/// A replay under way.
struct RedecidingReplay {
    private let log: LogDirectory
    private let kept: KeptPolicies
    private var counters = LimitCounters()
    /// What calls under way have taken, by their decisions.
    private var open: [UInt64: (policy: CompiledPolicy, reservation: Reservation)] = [:]
    /// A writer's start that no decision has followed yet.
    private var start: StartingCounters?
    /// Since when there are no records missing; nil where there never were.
    private var wholeSince: Timestamp?
    private var isLacking = false
    private(set) var result = Redecision()

    init(_ log: LogDirectory) {
        self.log = log
        kept = KeptPolicies(log)
    }

    mutating func take(_ seq: UInt64, _ time: Timestamp, _ step: ReplayStep) throws {
        // What was before the first record kept was decided, too.
        if result.records == 0, seq > 0 { isLacking = true }
        result.records += 1
        switch step {
        case .call(let decision): try judge(decision, seq, time)
        case .unruled, .other: result.notThePolicys += 1
        case .outcome(let of, let isRolledBack):
            guard let taken = open.removeValue(forKey: of), isRolledBack else { break }
            counters.giveBack(taken.reservation, under: taken.policy, now: time)
        case .opened:
            open.removeAll()
            start = StartingCounters(seq: seq, time: time)
        case .policyLoaded(let name, let digest): start?.load(name, kept.policy(digest, named: name))
        case .lost: isLacking = true
        case .nothing: break
        }
    }

    /// Rebuilds the counters where this is a process's first decision.
    private mutating func begin(with decision: Decision, _ time: Timestamp) throws {
        if isLacking {
            wholeSince = time
            isLacking = false
        }
        guard let start else { return }
        self.start = nil
        counters = try start.counters(of: log, isShared: decision.transport == .http)
        // Rebuilt from records that are all here: what is gone no longer matters.
        if let since = wholeSince, start.time.since(since) > start.reach { wholeSince = nil }
    }

    /// Counts what a decision took, whatever the counters say.
    private mutating func count(_ decision: Decision, _ seq: UInt64, _ time: Timestamp) {
        guard let policy = kept.policy(of: decision), let reservation = Reservation(decision, at: time) else { return }
        counters.restore(reservation, under: policy)
        open[seq] = (policy, reservation)
    }

    private mutating func judge(_ decision: Decision, _ seq: UInt64, _ time: Timestamp) throws {
        try begin(with: decision, time)
        guard let policy = kept.policy(of: decision), let call = RecordedCall(decision, at: time) else {
            if let digest = decision.policyDigest { result.withoutPolicy[digest, default: 0] += 1 }
            return
        }
        if let wholeSince, time.since(wholeSince) <= policy.longestWindow + policy.longestWindow / 64,
            hangsOnLimits(call, decision, policy)
        {
            result.unjudged += 1
            return count(decision, seq, time)
        }
        guard let verdict = policy.redecide(call, counters: &counters) else {
            return note(Redecision.Difference(seq, decision, nil, fields: ["facts"]))
        }
        if verdict.verdict == .allow, verdict.limit != nil { open[seq] = (policy, call.reservation) }
        let fields = verdict.differences(from: decision)
        guard !fields.isEmpty else { return result.recomputed += 1 }
        if wholeSince != nil, isCoarse(decision, verdict, policy) {
            result.unjudged += 1
            if verdict.verdict == .allow, decision.verdict != .allow {
                counters.giveBack(call.reservation, under: policy, now: time)
                open[seq] = nil
            } else if verdict.verdict != .allow, decision.verdict == .allow {
                count(decision, seq, time)
            }
            return
        }
        note(Redecision.Difference(seq, decision, verdict, fields: fields))
    }

    private mutating func note(_ difference: Redecision.Difference) {
        result.different += 1
        result.first = result.first ?? difference
    }

    /// Whether nothing but what limits hold decides about a call, and the record says no else.
    private func hangsOnLimits(_ call: RecordedCall, _ decision: Decision, _ policy: CompiledPolicy) -> Bool {
        let rules = policy.document.rules(ofTool: call.reservation.tool)
        guard !(policy.document.allTools.limits + rules.limits).isEmpty else { return false }
        guard decision.reason == .allowed || decision.reason == .limit else { return false }
        var empty = LimitCounters(maximumCounters: 1 << 10)
        let verdict = policy.redecide(call, counters: &empty)
        return verdict?.reason == .allowed || verdict?.reason == .limit
    }

    /// Whether a difference lies in a limit whose counter may have been a coarser one since before the records that are
    /// missing: more calls than are kept one by one.
    private func isCoarse(_ decision: Decision, _ verdict: PolicyVerdict, _ policy: CompiledPolicy) -> Bool {
        let limited: Set<Reason> = [.allowed, .limit]
        guard limited.contains(decision.reason), limited.contains(verdict.reason) else { return false }
        let document = policy.document
        return document.allTools.hasCoarseLimits || document.rules(ofTool: decision.tool ?? "").hasCoarseLimits
    }
}

extension Redecision.Difference {
    fileprivate init(_ seq: UInt64, _ decision: Decision, _ verdict: PolicyVerdict?, fields: [String]) {
        self.init(
            seq: seq, agent: decision.agent, tool: decision.tool ?? "", recorded: decision.verdict,
            recordedRule: decision.rule, recomputed: verdict?.verdict, recomputedRule: verdict?.rule, fields: fields)
    }
}

extension PolicyVerdict {
    /// The fields, by their names in the record, in which a recorded decision is not this verdict.
    func differences(from decision: Decision) -> [String] {
        var fields: [String] = []
        if decision.verdict != verdict { fields.append("decision") }
        if decision.mode != mode { fields.append("mode") }
        if decision.reason != reason { fields.append("reason") }
        if decision.rule != rule { fields.append("rule") }
        if decision.message != message { fields.append("message") }
        if decision.limit != limit { fields.append("limit") }
        if decision.retryAfterMilliseconds != retryAfterMilliseconds { fields.append("retry_after_ms") }
        if decision.cost != cost { fields.append("cost") }
        return fields
    }
}
