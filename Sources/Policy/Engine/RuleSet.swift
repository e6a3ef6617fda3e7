import Events

/// The rules and limits of one tool, or of all tools, made ready for deciding.
///
/// A class, and flat, for speed alone: what is looked at for each condition should not be counted again and again.
final class RuleSet: Sendable {
    /// What denies when.
    enum Kind: Sendable {
        /// Denies when one of its conditions does not hold.
        case require
        /// Denies when all of its conditions hold.
        case denyIf
    }

    /// A rule's conditions among those of the set.
    struct Span: Sendable {
        let kind: Kind
        let conditions: Range<Int>
    }

    /// What the record says of a rule.
    struct Label: Sendable {
        let id: String
        let message: String
    }

    let paths: PathTrie
    /// Rules in the order in which they are looked at.
    let spans: [Span]
    let labels: [Label]
    /// The conditions of all rules, in the order of `facts`.
    let conditions: [CompiledCondition]
    let limits: [CompiledLimit]
    /// Where the walk over the arguments leaves the value that limits count, and its path.
    let increment: (slot: Int, path: String)?
    /// Arguments that go into the record.
    let record: [(slot: Int, path: String)]

    /// - Parameter tool: nil for the rules of all tools.
    init(_ source: ToolRules, policy: String, tool: String?) {
        let increment = source.limits.lazy.compactMap { limit in
            if case .from(let path) = limit.increment { path } else { nil }
        }.first
        let looked = source.conditions.map(\.path) + source.record + [increment].compactMap(\.self)
        let paths = looked.isEmpty ? RuleSet.noPaths : PathTrie(looked)
        var spans: [Span] = []
        var labels: [Label] = []
        var conditions: [CompiledCondition] = []
        for (kind, list) in [(Kind.require, source.require), (.denyIf, source.denyIf)] {
            for rule in list {
                let first = conditions.count
                conditions += rule.conditions.map { CompiledCondition($0, slot: paths.slot($0.path)) }
                spans.append(Span(kind: kind, conditions: first..<conditions.count))
                labels.append(Label(id: rule.id, message: RuleSet.message(rule, kind)))
            }
        }
        self.paths = paths
        self.spans = spans
        self.labels = labels
        self.conditions = conditions
        limits = source.limits.map { CompiledLimit($0, policy: policy, tool: tool) }
        self.increment = increment.map { (paths.slot($0), $0.text) }
        record = source.record.map { (paths.slot($0), $0.text) }
    }

    /// One for all sets that look at no argument.
    private static let noPaths = PathTrie([])

    private static func message(_ rule: PolicyRule, _ kind: Kind) -> String {
        if let text = rule.onDeny { return text }
        let looked = rule.conditions.map { "\($0.path) \($0.op.rawValue)" }.joined(separator: ", ")
        switch kind {
        case .require: return "A required condition does not hold: \(looked)."
        case .denyIf:
            return rule.conditions.isEmpty ? "This tool is denied by policy." : "Denied by a rule on \(looked)."
        }
    }
}

extension ToolRules {
    /// Whether a set made of these would be empty.
    var isEmpty: Bool { require.isEmpty && denyIf.isEmpty && limits.isEmpty && record.isEmpty }
}

/// Where facts come from: from the arguments, or from a record.
protocol FactSource {
    /// Looks at one condition.
    ///
    /// - Parameter index: its place in its set's part of `facts`.
    func fact(_ condition: CompiledCondition, at index: Int) -> Fact
}

extension RuleSet {
    /// A rule that denies.
    struct Denial {
        var reason: Reason
        var rule: String?
        var message: String
    }

    /// The first rule that denies a call.
    ///
    /// A `require` rule denies when a condition does not hold or cannot be compared; a `deny_if` rule when each of its
    /// conditions holds or cannot be compared, so that no spelling of a value gets past it.
    func firstDenial(_ source: some FactSource) -> Denial? {
        for index in spans.indices {
            let span = spans[index]
            var mismatch: Int?
            var holds = true
            for condition in span.conditions where holds {
                switch source.fact(conditions[condition], at: condition) {
                case .holds: break
                case .mismatch where span.kind == .denyIf: mismatch = mismatch ?? condition
                case .mismatch, .fails, .unseen: holds = false
                }
            }
            guard holds == (span.kind == .denyIf) else { continue }
            let label = labels[index]
            let reason: Reason = span.kind == .require ? .require : mismatch == nil ? .denyIf : .typeMismatch
            return Denial(
                reason: reason, rule: label.id,
                message: mismatch.map { conditions[$0].mismatchMessage } ?? label.message)
        }
        return nil
    }
}
