public import AuditLog
public import Events
public import Policy

/// Puts a candidate policy in the place of those that decided a log's calls.
///
/// What the candidate's conditions find comes from the record alone: from the same condition of the recorded policy, from
/// an argument that it recorded in full, or from the argument keys where the argument was not there. Where that leaves
/// it open, the whole log is decided at two ends at once, one in which all that is open passes and one in which it denies,
/// each with counters of its own: only a call on which both agree has a verdict; the others are unknown.
public struct Backtester {
    private let log: LogDirectory
    private let candidate: CompiledPolicy
    private let span: Range<Timestamp>
    private let isMeant: (Decision) -> Bool

    /// Compares a candidate with a log.
    ///
    /// - Parameters:
    ///   - since: the first call's time; the windows before it are read to know what limits hold then.
    ///   - until: exclusive.
    ///   - isMeant: which decisions the candidate would have made, in a log that several policies have written into.
    public init(
        _ candidate: CompiledPolicy, against log: LogDirectory, since: Timestamp? = nil, until: Timestamp? = nil,
        where isMeant: @escaping (Decision) -> Bool = { _ in true }
    ) {
        self.isMeant = isMeant
        self.candidate = candidate
        self.log = log
        let first = since ?? Timestamp(microseconds: .min / 2)
        span = first..<max(first, until ?? Timestamp(microseconds: .max / 2))
    }

    /// Reads the log.
    ///
    /// - Parameter progress: told now and then how many records were read.
    /// - Throws: `LogError`.
    public func run(_ progress: (Int) -> Void = { _ in }) throws -> BacktestReport {
        let isGateways = try LogIdentity.read(log).purpose == .gateway
        var replay = BacktestReplay(candidate, KeptPolicies(log), span, isGateways: isGateways)
        let begin = span.lowerBound.advanced(by: -candidate.longestWindow)
        let hasBeginning = span.lowerBound.microseconds > .min / 2
        do {
            try LogWalk(log, from: hasBeginning ? begin : nil).forEach(progress) { seq, time, step in
                guard time < span.upperBound else { throw EndOfSpan() }
                if !hasBeginning || time >= begin, isMeant(step) { replay.take(seq, time, step) }
            }
        } catch is EndOfSpan {}
        return replay.report()
    }

    private func isMeant(_ step: ReplayStep) -> Bool {
        switch step {
        case .call(let decision), .unruled(let decision): isMeant(decision)
        case .other, .outcome, .opened, .policyLoaded, .lost, .nothing: true
        }
    }

    private struct EndOfSpan: Error {}
}

/// A backtest under way.
struct BacktestReplay {
    /// One end of what is possible.
    private struct World {
        var counters = LimitCounters()
        /// What calls under way have taken.
        var open: [UInt64: Reservation] = [:]

        mutating func decide(_ call: RecordedCall, _ seq: UInt64, under policy: CompiledPolicy) -> PolicyVerdict? {
            let verdict = policy.redecide(call, counters: &counters)
            if let verdict, verdict.verdict == .allow, verdict.limit != nil { open[seq] = call.reservation }
            return verdict
        }

        mutating func settle(
            _ of: UInt64, _ isRolledBack: Bool, under policy: CompiledPolicy, _ time: Timestamp
        ) {
            guard let reservation = open.removeValue(forKey: of), isRolledBack else { return }
            counters.giveBack(reservation, under: policy, now: time)
        }
    }

    private struct Tool: Hashable {
        let digest: Digest64?
        let name: String
    }

    private let candidate: CompiledPolicy
    private let kept: KeptPolicies
    private let span: Range<Timestamp>
    private let isGateways: Bool
    private var generous = World()
    private var strict = World()
    private var looks: [String: CandidateLooks] = [:]
    private var recorded: [Tool: RecordedPolicyLooks] = [:]
    private var rows: [BacktestReport.Row: Int] = [:]
    private var gaps: [String: (calls: Int, of: Int)] = [:]
    private var result = BacktestReport()

    init(_ candidate: CompiledPolicy, _ kept: KeptPolicies, _ span: Range<Timestamp>, isGateways: Bool) {
        self.candidate = candidate
        self.kept = kept
        self.span = span
        self.isGateways = isGateways
    }

    mutating func take(_ seq: UInt64, _ time: Timestamp, _ step: ReplayStep) {
        let isCounted = span.contains(time)
        switch step {
        case .call(let decision), .unruled(let decision):
            // A call that was held is compared by what was decided of it in the end, if a person approved it.
            guard decision.reason != .approval else {
                if isCounted { result.approvals += 1 }
                return
            }
            compare(decision, seq, time, isCounted: isCounted)
        case .other: if isCounted { result.notThePolicys += 1 }
        case .outcome(let of, let isRolledBack):
            generous.settle(of, isRolledBack, under: candidate, time)
            strict.settle(of, isRolledBack, under: candidate, time)
        case .opened, .policyLoaded, .lost, .nothing: break
        }
    }

    private mutating func compare(_ decision: Decision, _ seq: UInt64, _ time: Timestamp, isCounted: Bool) {
        guard let name = decision.tool, var call = RecordedCall(decision, at: time) else { return }
        let looks = looks(name)
        let known = looks.look(ArgumentEvidence(decision, recordedLooks(decision, name), isGateways: isGateways))
        (call.facts, call.reservation.cost) = (String(decoding: known.generous, as: UTF8.self), known.generousCost)
        let best = generous.decide(call, seq, under: candidate)
        (call.facts, call.reservation.cost) = (String(decoding: known.strict, as: UTF8.self), known.strictCost)
        let worst = strict.decide(call, seq, under: candidate)
        guard isCounted, let best, let worst else { return }
        for (place, rule) in looks.rules.enumerated() {
            gaps[rule, default: (0, 0)].of += 1
            if known.open.contains(place) { gaps[rule, default: (0, 0)].calls += 1 }
        }
        result.calls += 1
        result.first = result.first ?? time
        result.last = time
        note(decision, name, best, worst)
    }

    private mutating func note(
        _ decision: Decision, _ tool: String, _ best: PolicyVerdict, _ worst: PolicyVerdict
    ) {
        let (was, allowed) = (decision.verdict == .allow, best.verdict == .allow)
        var row = BacktestReport.Row(change: .unknown, agent: decision.agent, tool: tool, rule: nil, calls: 0)
        if allowed != (worst.verdict == .allow) {
            result.unknown += 1
        } else if allowed == was {
            result.unchanged += 1
            return
        } else if was {
            result.newlyDenied += 1
            (row.change, row.rule) = (.newlyDenied, best.rule)
        } else {
            result.newlyAllowed += 1
            (row.change, row.rule) = (.newlyAllowed, decision.rule)
        }
        rows[row, default: 0] += 1
    }

    private mutating func looks(_ tool: String) -> CandidateLooks {
        if let known = looks[tool] { return known }
        let made = CandidateLooks(candidate, tool: tool)
        looks[tool] = made
        return made
    }

    private mutating func recordedLooks(_ decision: Decision, _ tool: String) -> RecordedPolicyLooks? {
        let key = Tool(digest: decision.policyDigest, name: tool)
        if let known = recorded[key] { return known }
        guard let policy = kept.policy(of: decision) else { return nil }
        let made = RecordedPolicyLooks(policy, tool: tool)
        recorded[key] = made
        return made
    }

    func report() -> BacktestReport {
        var report = result
        report.rows = rows.map { row, calls in
            var row = row
            row.calls = calls
            return row
        }.sorted { left, right in
            (right.calls, left.change.rawValue, left.agent ?? "", left.tool, left.rule ?? "")
                < (left.calls, right.change.rawValue, right.agent ?? "", right.tool, right.rule ?? "")
        }
        report.gaps = gaps.filter { $0.value.calls > 0 }.map { rule, count in
            BacktestReport.Gap(rule: rule, calls: count.calls, of: count.of)
        }.sorted { ($1.calls, $0.rule) < ($0.calls, $1.rule) }
        return report
    }
}
