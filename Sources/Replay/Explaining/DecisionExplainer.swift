public import AuditLog
import Events
import Policy

/// Explains a recorded decision from its log and the policy kept beside it.
public struct DecisionExplainer {
    private let log: LogDirectory
    private let seq: UInt64
    private let decision: Decision
    private let at: Timestamp
    private let policy: CompiledPolicy?

    /// Finds the decision; that of an outcome's seq is the one it ends.
    ///
    /// - Throws: `LogError`, ``UnexplainedRecord``.
    public init(_ seq: UInt64, of log: LogDirectory) throws {
        guard var record = try RecordStretch.record(seq, of: log) else {
            throw UnexplainedRecord("the log \(log.name) has no record \(seq)")
        }
        var number = seq
        if case .outcome(let outcome) = record.body, let of = try RecordStretch.record(outcome.of, of: log) {
            (number, record) = (outcome.of, of)
        }
        guard case .decision(let decision) = record.body else {
            throw UnexplainedRecord("\(log.name)/\(seq) decides about nothing: it is a control record")
        }
        (self.log, self.seq, self.decision, at) = (log, number, decision, record.timestamp)
        policy = KeptPolicies(log).policy(of: decision)
    }

    /// The explanation.
    ///
    /// - Throws: `LogError`.
    public func explanation() throws -> Explanation {
        var explanation = Explanation("\(log.name)/\(seq)", sentence)
        explanation.parameters = parameters
        guard let tool = decision.tool else { return explanation }
        var uses = limits(of: tool)
        var brake: (seq: UInt64, control: Control)?
        let begin = uses.map(\.begin).min() ?? at
        let span = min(at.advanced(by: -120_000_000), begin)
        let reach = decision.reason == .brake ? at.advanced(by: -(policy?.longestBrake ?? 0)) : span
        var chart = Explanation.Chart(from: span, to: at)
        try RecordStretch.each(of: log, from: min(span, reach), through: seq) { number, record in
            switch record.body {
            case .decision(let other):
                guard other.tool != nil else { return }
                if isOfThePair(other) { chart.add(record.timestamp, isStopped: other.verdict != .allow) }
                guard number < seq else { return }
                for index in uses.indices { uses[index].take(other, number, record.timestamp) }
            case .outcome(let outcome):
                guard outcome.reservation == .rolledBack else { return }
                for index in uses.indices { uses[index].giveBack(outcome.of) }
            case .control(let control):
                guard control.event == .brake, control.text(.agent) == decision.agent,
                    control.text(.server) == decision.server, control.text(.tool) == tool
                else { return }
                brake = (number, control)
            }
        }
        explanation.chart = chart
        explanation.chartOf = "calls of \(tool) by \(decision.agent ?? "the unresolved")"
        let deciding = uses.first { $0.rule.id == decision.rule } ?? nearest(uses)
        if let deciding, decision.reason == .limit || decision.limit != nil {
            explanation.calls = deciding.taken
            explanation.callsAre = "what \(deciding.rule.id) had counted"
        }
        explanation.changes = changes(uses, deciding, brake)
        return explanation
    }

    private func isOfThePair(_ other: Decision) -> Bool {
        other.tool == decision.tool && other.agent == decision.agent && other.server == decision.server
    }

    private func limits(of tool: String) -> [LimitUse] {
        guard let document = policy?.document else { return [] }
        return document.allTools.limits.map { LimitUse($0, tool: nil, of: decision, at: at) }
            + document.rules(ofTool: tool).limits.map { LimitUse($0, tool: tool, of: decision, at: at) }
    }

    private func nearest(_ uses: [LimitUse]) -> LimitUse? {
        guard let limit = decision.limit else { return nil }
        return uses.first { $0.rule.counter == limit.counter && $0.rule.windowSeconds == limit.windowSeconds }
    }

    // MARK: What happened

    private var sentence: String {
        let who = decision.agent ?? "an unresolved caller"
        let what = decision.tool.map { "\($0) on \(decision.server)" } ?? "\(decision.method) on \(decision.server)"
        let verb =
            switch decision.verdict {
            case .allow: "was allowed"
            case .deny: "was denied"
            case .throttle: "was throttled"
            case .hold: "was held for a person"
            }
        let shadow = decision.mode == .shadow && decision.verdict != .allow ? " (in shadow mode: it passed)" : ""
        let rule = decision.rule.map { " by \($0)" } ?? ""
        var text = "\(who)'s call of \(what) \(verb)\(rule) at \(clock(at))\(shadow)"
        if decision.reason == .limit, let limit = decision.limit {
            text += ": \(limit.used) of \(limit.maximum) in \(limit.windowSeconds) s were used"
        } else if let message = decision.message {
            text += ": \(message)"
        }
        return text.hasSuffix(".") ? text : text + "."
    }

    private var parameters: [(name: String, value: String)] {
        var found: [(name: String, value: String)] = [("reason", decision.reason.rawValue)]
        if let name = decision.policy {
            let digest = decision.policyDigest.map { " \($0)" } ?? ""
            found.append(("policy", "\(name)\(digest)\(policy == nil ? " (not kept beside the log)" : "")"))
        }
        if let limit = decision.limit {
            found.append(("limit", "\(limit.counter): \(limit.used) of \(limit.maximum) in \(limit.windowSeconds) s"))
        }
        if let cost = decision.cost { found.append(("cost", "\(cost)")) }
        if let wait = decision.retryAfterMilliseconds { found.append(("retry after", "\(wait) ms")) }
        if let hold = decision.of { found.append(("ends the hold", "\(log.name)/\(hold)")) }
        return found + conditions
    }

    /// What the denying rule's conditions found; values are the policy's, never the call's.
    private var conditions: [(name: String, value: String)] {
        guard [.require, .denyIf, .typeMismatch].contains(decision.reason), let document = policy?.document,
            let facts = decision.facts.map({ Array($0) })
        else { return [] }
        var position = 0
        var found: [(name: String, value: String)] = []
        let sets = [document.allTools, document.rules(ofTool: decision.tool ?? "")]
        for rule in sets.flatMap({ $0.require + $0.denyIf }) {
            for condition in rule.conditions {
                defer { position += 1 }
                guard rule.id == decision.rule, facts.indices.contains(position) else { continue }
                let word = ["1": "holds", "0": "does not hold", "!": "cannot be compared"][facts[position]]
                found.append(("\(condition.path) \(condition.op.rawValue)", word ?? "was not looked at"))
            }
        }
        return found
    }

    // MARK: What would have changed it

    private func changes(
        _ uses: [LimitUse], _ deciding: LimitUse?, _ brake: (seq: UInt64, control: Control)?
    ) -> [String] {
        let rule = decision.rule ?? ""
        switch decision.reason {
        case .limit: return deciding.map { limitChanges(uses, $0) } ?? []
        case .allowed, .approved:
            guard let deciding else { return ["No limit of the policy counts it."] }
            let left = deciding.rule.maximum - deciding.used - deciding.cost
            return ["\(deciding.rule.id) had room for \(max(0, left)) more; one that was full would have throttled it."]
        case .hidden: return ["Without \(decision.tool ?? "it") under \"hide\" its rules would have decided."]
        case .defaultDeny: return ["Listed under \"tools\", if only as {}, its rules would have decided."]
        case .noPolicy: return ["A policy for the grant would have decided."]
        case .require, .denyIf, .typeMismatch: return ["Without \(rule) \(next(after: rule))."]
        case .brake:
            let until = at.advanced(by: Int64(decision.retryAfterMilliseconds ?? 0) * 1000)
            var found = ["At \(clock(until)) the brake's cool-down would have been over."]
            if let brake {
                let id = brake.control.text(.firstRecord) ?? "\(log.name)/\(brake.seq)"
                let alert = brake.control.text(.id).map { " by alert \($0)" } ?? ""
                let by = brake.control.text(.by).map { " (\($0))" } ?? ""
                found.append(
                    "The brake \(id) was put on\(alert)\(by); lifted, it stops nothing: tollgate brake lift \(id)")
            }
            return found
        case .approval: return ["A person's approval lets it go on: tollgate approvals list"]
        default: return []
        }
    }

    private func limitChanges(_ uses: [LimitUse], _ deciding: LimitUse) -> [String] {
        var found: [String] = []
        if let room = deciding.room {
            found.append("At \(clock(room)) the window would have had room.")
        } else {
            found.append("No wait helps: the call counts \(deciding.cost), and the limit is \(deciding.rule.maximum).")
        }
        found.append("A maximum of \(deciding.used + deciding.cost) would have let it pass.")
        let others = uses.filter { $0.rule.id != deciding.rule.id && !$0.hasRoom }
        let then = others.first.map { "\($0.rule.id) would have stopped it" } ?? "it would have passed"
        found.append("Without \(deciding.rule.id) \(then).")
        return found
    }

    /// What comes after a rule that denied: what it would have found is in no record.
    private func next(after rule: String) -> String {
        guard let document = policy?.document else { return "the policy's other rules would have decided" }
        let sets = [document.allTools, document.rules(ofTool: decision.tool ?? "")]
        let ids = sets.flatMap { $0.require + $0.denyIf }.map(\.id)
        guard let index = ids.firstIndex(of: rule), index + 1 < ids.count else {
            return "no further rule would have looked at it; its limits would have decided"
        }
        return "\(ids[index + 1]) would have been looked at next; what it finds is in no record"
    }

    private func clock(_ moment: Timestamp) -> String { String(moment.description.dropFirst(11).prefix(12)) }
}
