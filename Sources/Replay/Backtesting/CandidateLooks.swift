import Events
import Policy

/// A candidate's conditions over one tool, and what a record says of them.
struct CandidateLooks {
    /// What is known of a call: the two ends of what is possible.
    struct Known {
        /// Facts with which the rules pass wherever the record leaves it open.
        var generous: [UInt8] = []
        /// Facts with which they deny wherever the record leaves it open.
        var strict: [UInt8] = []
        /// What limits count, at the two ends; nil for what cannot be counted, which denies.
        var generousCost: Int?
        /// The same at the strict end.
        var strictCost: Int?
        /// Rules, by their places, of which something is not known.
        var open: Set<Int> = []
    }

    /// The ids of the rules that have conditions, and of the limit that counts an argument.
    let rules: [String]
    private let looks: [(rule: Int, isRequired: Bool, look: ConditionLook)]
    private let increment: (rule: Int, path: String, look: ConditionLook)?

    init(_ policy: CompiledPolicy, tool: String) {
        let document = policy.document
        let own = document.rules(ofTool: tool)
        var rules: [String] = []
        var looks: [(rule: Int, isRequired: Bool, look: ConditionLook)] = []
        for (rule, isRequired, look) in document.allTools.looks + own.looks {
            if rules.last != rule { rules.append(rule) }
            looks.append((rules.count - 1, isRequired, look))
        }
        increment = (document.allTools.limits + own.limits).lazy.compactMap { limit in
            guard case .from(let path) = limit.increment else { return nil }
            return (limit.id, path)
        }.first.map { (id: String, path: ArgumentPath) in
            rules.append(id)
            return (rules.count - 1, path.text, ConditionLook(at: path))
        }
        self.rules = policy.standing(ofTool: tool) == .open ? rules : []
        self.looks = looks
    }

    /// What the record says; unknown facts are taken at both ends.
    func look(_ evidence: ArgumentEvidence) -> Known {
        var known = Known()
        for (rule, isRequired, look) in looks {
            let facts = evidence.facts(of: look)
            // A rule that requires lets pass what holds; one that denies, what does not hold.
            let passing = isRequired ? UInt8(ascii: "1") : UInt8(ascii: "0")
            known.generous.append(facts.contains(passing) ? passing : facts[0])
            known.strict.append(facts.first { $0 != passing } ?? passing)
            if facts.contains(passing), facts.contains(where: { $0 != passing }) { known.open.insert(rule) }
        }
        guard let increment else { return known }
        guard let costs = evidence.costs(of: increment.path, increment.look) else {
            known.generousCost = 0
            known.open.insert(increment.rule)
            return known
        }
        known.generousCost = costs.compactMap(\.self).min()
        known.strictCost = costs.contains(nil) ? nil : costs.compactMap(\.self).max()
        if known.generousCost != known.strictCost { known.open.insert(increment.rule) }
        return known
    }
}
