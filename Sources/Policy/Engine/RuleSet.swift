import Events

/// The rules and limits of one tool, or of all tools, made ready for deciding.
///
/// Classes here and below are for speed alone: handing on a reference costs one count, a struct of texts and lists
/// one for each.
final class RuleSet: Sendable {
    /// A rule with the place of its conditions in `facts`.
    final class Rule: Sendable {
        enum Kind: Sendable {
            case require
            case denyIf
        }

        let kind: Kind
        let id: String
        let message: String
        let conditions: [CompiledCondition]
        /// Where the rule's conditions begin in the set's part of `facts`.
        let firstFact: Int

        init(_ kind: Kind, _ source: PolicyRule, paths: PathTrie, firstFact: Int) {
            self.kind = kind
            id = source.id
            message = RuleSet.message(source, kind)
            conditions = source.conditions.map { CompiledCondition($0, slot: paths.slot($0.path)) }
            self.firstFact = firstFact
        }
    }

    let paths: PathTrie
    let rules: [Rule]
    let limits: [CompiledLimit]
    let factCount: Int
    /// Where the walk over the arguments leaves the value that limits count, and its path.
    let increment: (slot: Int, path: String)?
    /// Arguments that go into the record.
    let record: [(slot: Int, path: String)]

    /// - Parameter tool: nil for the rules of all tools.
    init(_ source: ToolRules, policy: String, tool: String?) {
        let increment = source.limits.lazy.compactMap { limit in
            if case .from(let path) = limit.increment { path } else { nil }
        }.first
        let paths = PathTrie(source.conditions.map(\.path) + source.record + [increment].compactMap(\.self))
        var rules: [Rule] = []
        var facts = 0
        for (kind, list) in [(Rule.Kind.require, source.require), (.denyIf, source.denyIf)] {
            for rule in list {
                rules.append(Rule(kind, rule, paths: paths, firstFact: facts))
                facts += rule.conditions.count
            }
        }
        self.paths = paths
        self.rules = rules
        limits = source.limits.map { CompiledLimit($0, policy: policy, tool: tool) }
        factCount = facts
        self.increment = increment.map { (paths.slot($0), $0.text) }
        record = source.record.map { (paths.slot($0), $0.text) }
    }

    private static func message(_ rule: PolicyRule, _ kind: Rule.Kind) -> String {
        if let text = rule.onDeny { return text }
        let looked = rule.conditions.map { "\($0.path) \($0.op.rawValue)" }.joined(separator: ", ")
        switch kind {
        case .require: return "A required condition does not hold: \(looked)."
        case .denyIf:
            return rule.conditions.isEmpty ? "This tool is denied by policy." : "Denied by a rule on \(looked)."
        }
    }
}

/// Where facts come from: from the arguments, or from a record.
protocol FactSource {
    /// Looks at one condition.
    ///
    /// - Parameter index: its place in `facts`.
    mutating func fact(_ condition: CompiledCondition, at index: Int) -> Fact
}

extension RuleSet {
    /// A rule that denies.
    struct Denial {
        var rule: Rule
        /// The condition whose value could not be compared, where that is why.
        var mismatch: CompiledCondition?
    }

    /// The first rule that denies a call.
    ///
    /// A `require` rule denies when a condition does not hold or cannot be compared; a `deny_if` rule when each of its
    /// conditions holds or cannot be compared, so that no spelling of a value gets past it.
    func firstDenial(_ source: inout some FactSource, firstFact: Int) -> Denial? {
        for rule in rules {
            var mismatch: CompiledCondition?
            var holds = true
            for (index, condition) in rule.conditions.enumerated() {
                switch source.fact(condition, at: firstFact + rule.firstFact + index) {
                case .holds: continue
                case .mismatch where rule.kind == .denyIf:
                    if mismatch == nil { mismatch = condition }
                    continue
                case .mismatch, .fails, .unseen: holds = false
                }
                break
            }
            switch rule.kind {
            case .require where !holds: return Denial(rule: rule, mismatch: nil)
            case .denyIf where holds: return Denial(rule: rule, mismatch: mismatch)
            default: continue
            }
        }
        return nil
    }
}
