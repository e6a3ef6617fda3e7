public import Events
import StrictJSON

/// Everything a policy looks at for one call, and what it finds: also behind the rule that decides.
///
/// Names paths and the policy's own values, never an argument's value.
public struct PolicyExplanation: Sendable {
    /// A rule's or a limit's part in the decision.
    public enum Outcome: String, Sendable, CaseIterable {
        /// It does not object.
        case passes
        /// It objects, and is the one that decides.
        case decides
        /// It would object, but another one decides before it.
        case wouldDeny = "would_deny"
    }

    /// One rule or limit.
    public struct Step: Sendable, Equatable {
        /// Its id.
        public let rule: String
        /// Its part in the decision.
        public let outcome: Outcome
        /// Why, one line for each condition, or one for the limit.
        public let why: [String]

        /// Describes one rule's or limit's part.
        public init(rule: String, outcome: Outcome, why: [String]) {
            self.rule = rule
            self.outcome = outcome
            self.why = why
        }
    }

    /// What is decided; nothing is counted for it.
    public let verdict: PolicyVerdict
    /// The rules and limits in the order in which they are looked at.
    public let steps: [Step]
}

extension CompiledPolicy {
    /// Explains what would be decided about a call, without counting it.
    ///
    /// - Parameters:
    ///   - counters: what the limits hold; empty ones for a first call.
    ///   - now: when the call is made.
    public func explain(
        _ call: Call, counters: LimitCounters = LimitCounters(), now: Timestamp
    ) -> PolicyExplanation {
        var counters = counters
        let limits = limitSteps(call, counters, now)
        let verdict = decide(call, counters: &counters, now: now)
        let tool = tool(call.tool)
        guard tool.standing == .open else {
            let step = PolicyExplanation.Step(
                rule: verdict.rule ?? "", outcome: .decides, why: [verdict.callerText(tool: call.tool)])
            return PolicyExplanation(verdict: verdict, steps: [step])
        }
        let looked = steps(of: allTools, call) + steps(of: tool.rules, call) + approvalSteps(tool, call) + limits
        let steps = looked.map { id, denies, why in
            let isDecisive = denies && id == verdict.rule
            return PolicyExplanation.Step(
                rule: id, outcome: isDecisive ? .decides : denies ? .wouldDeny : .passes, why: why)
        }
        return PolicyExplanation(verdict: verdict, steps: steps)
    }

    private typealias Looked = (id: String, denies: Bool, why: [String])

    private func steps(of set: RuleSet, _ call: Call) -> [Looked] {
        withUnsafeTemporaryAllocation(of: Resolution.self, capacity: set.paths.count) { values in
            values.initialize(repeating: .missing)
            if let arguments = call.arguments, call.tree.kind(arguments) == .object {
                set.paths.resolve(arguments, in: call.tree, into: values)
            }
            return set.spans.indices.map { index in
                let span = set.spans[index]
                let facts = span.conditions.map {
                    set.conditions[$0].fact(of: values[set.conditions[$0].slot], in: call.tree)
                }
                let why = zip(span.conditions, facts).map { place, fact in
                    let absent = if case .missing = values[set.conditions[place].slot] { true } else { false }
                    return "\(set.conditions[place].text): \(fact.words(isAbsent: absent))"
                }
                let denies =
                    span.kind == .require
                    ? facts.contains { $0 != .holds } : facts.allSatisfy { $0 == .holds || $0 == .mismatch }
                return (set.labels[index].id, denies, why.isEmpty ? ["no conditions"] : why)
            }
        }
    }

    private func approvalSteps(_ tool: Tool, _ call: Call) -> [Looked] {
        guard let need = tool.approval else { return [] }
        let isApproved = call.approval.isApproved
        return [(need.rule, !isApproved, [isApproved ? "a person has approved it" : "a person has to approve it"])]
    }

    private func limitSteps(_ call: Call, _ counters: LimitCounters, _ now: Timestamp) -> [Looked] {
        var counters = counters
        let moment = counters.advance(to: now)
        let cost = examine(call).cost
        let (shared, own) = limits(ofTool: call.tool)
        let path = allTools.increment?.path ?? tool(call.tool).rules.increment?.path
        return (shared + own).map { limit in
            guard let reading = counters.reading(of: limit, call.caller, at: moment) else {
                return (limit.id, true, ["the caller has no identity to count by"])
            }
            guard let count = limit.increment ?? cost.value else {
                return (limit.id, true, ["the arguments do not say what to count"])
            }
            let denies = Int64(reading.used) + count > limit.maximum || limit.maximum == 0
            let window = LimitWords.window(limit.windowSeconds)
            // What an argument says to count is its value: named, not shown.
            let counted = limit.increment.map { "\($0)" } ?? path ?? "an argument"
            return (
                limit.id, denies,
                ["\(reading.used) of \(limit.maximum) in the last \(window), this call counts \(counted)"]
            )
        }
    }
}

extension LimitCounters {
    /// What a limit's window holds for a caller, nil where it cannot be told from others.
    fileprivate mutating func reading(of limit: CompiledLimit, _ caller: Caller, at now: Int64) -> LimitReading? {
        guard let key = ScopeKey.of(limit.scope, caller) else { return nil }
        return withUnsafeTemporaryAllocation(byteCount: ScopeKey.maximumBytes, alignment: 8) { buffer in
            let length = key.write(to: buffer)
            let used = look(limit, UnsafeRawBufferPointer(rebasing: buffer[..<length]), cost: 0, at: now).used
            return limit.reading(used: used)
        }
    }
}

extension Fact {
    fileprivate func words(isAbsent: Bool) -> String {
        switch self {
        case .holds: isAbsent ? "holds (not given)" : "holds"
        case .fails: isAbsent ? "does not hold (not given)" : "does not hold"
        case .mismatch: "cannot be compared (another type, or the key more than once)"
        case .unseen: "not looked at"
        }
    }
}
