import StrictJSON

/// What a valid document says that its author may not mean.
extension DocumentReader {
    /// Collects warnings about a document that has no errors.
    mutating func review(_ document: PolicyDocument) {
        reviewHiding(document)
        review(document.allTools, at: ["all_tools"], sharing: ToolRules())
        for (name, rules) in document.tools {
            review(rules, at: ["tools", name], sharing: document.allTools)
            if document.byDefault == .allow, !rules.isNotEmpty {
                warn(
                    .noEffect, place("tools", name), found: "a tool without rules",
                    expected: "rules: tools that are not listed are allowed already")
            }
        }
    }

    private mutating func reviewHiding(_ document: PolicyDocument) {
        let hidden = Set(document.hide.map { Array($0.utf8) })
        let hidesAll = document.hide.contains("*")
        if hidesAll, document.hide.count > 1 {
            warn(.noEffect, place("hide"), found: "names beside \"*\"", expected: "\"*\" alone: it hides all tools")
        }
        for (name, _) in document.tools where hidesAll || hidden.contains(Array(name.utf8)) {
            warn(
                .noEffect, place("tools", name), found: "rules of a hidden tool",
                expected: "either: every call of a hidden tool is denied before its rules")
        }
    }

    private mutating func review(_ rules: ToolRules, at path: [String], sharing shared: ToolRules) {
        for (index, rule) in rules.require.enumerated() {
            let at = path + ["require", String(index)]
            if rule.conditions.isEmpty {
                warn(
                    .noEffect, place(at), found: "a rule without conditions", expected: "conditions: this always holds")
            }
            reviewSatisfiability(rule, at: at, consequence: "every call is denied")
        }
        let guarded = guardedPaths(shared).union(guardedPaths(rules))
        for (index, rule) in rules.denyIf.enumerated() {
            let at = path + ["deny_if", String(index)]
            reviewSatisfiability(rule, at: at, consequence: "no value matches")
            reviewGuards(rule, at: at, guarded: guarded)
        }
        let always = rules.denyIf.firstIndex { $0.conditions.isEmpty }
        if let always, always + 1 < rules.denyIf.count || !rules.limits.isEmpty {
            warn(
                .noEffect, place(path + ["deny_if", String(always)]), found: "a rule that always denies",
                expected: "no rules or limits behind it: they are never reached")
        }
        for (index, limit) in rules.limits.enumerated() where limit.scope == .session {
            warn(
                .sessionFallback, place(path + ["limits", String(index), "scope"]), found: "\"session\"",
                expected: "callers that have sessions: those without share their grant's counter")
        }
    }

    /// Paths of which a call cannot leave the argument out without being denied.
    private func guardedPaths(_ rules: ToolRules) -> Set<ArgumentPath> {
        var paths: Set<ArgumentPath> = []
        for rule in rules.require {
            for condition in rule.conditions where !condition.wantsAbsence { paths.insert(condition.path) }
        }
        for rule in rules.denyIf where rule.conditions.count == 1 && rule.conditions[0].wantsAbsence {
            paths.insert(rule.conditions[0].path)
        }
        return paths
    }

    private mutating func reviewGuards(_ rule: PolicyRule, at path: [String], guarded: Set<ArgumentPath>) {
        let own = Set(rule.conditions.filter { $0.op == .exists }.map(\.path))
        for (index, condition) in rule.conditions.enumerated() where condition.op == .neq || condition.op == .notIn {
            guard !guarded.contains(condition.path), !own.contains(condition.path) else { continue }
            warn(
                .unguarded, place(path + ["conditions", String(index)]),
                found: "\"\(condition.op.rawValue)\" on \(condition.path), which a call may leave out",
                expected: "a require rule with \"exists\" true on \(condition.path): without it the rule is avoided")
        }
    }

    private mutating func reviewSatisfiability(_ rule: PolicyRule, at path: [String], consequence: String) {
        var checked: Set<ArgumentPath> = []
        for condition in rule.conditions where checked.insert(condition.path).inserted {
            let together = rule.conditions.filter { $0.path == condition.path }
            guard !Satisfiability.isPossible(together) else { continue }
            warn(
                .neverMatches, place(path), found: "conditions on \(condition.path) that exclude each other",
                expected: "conditions that a value can meet: \(consequence)")
        }
    }

    /// The place of a value that the document has.
    private func place(_ segments: [String]) -> Place {
        var node = tree.root
        for segment in segments {
            let next =
                tree.kind(node) == .array
                ? Int(segment).flatMap { tree.element(node, at: $0) } : tree.member(node, named: segment)
            guard let next else { break }
            node = next
        }
        return Place(node, segments.map { "/\(RuleID.escaped($0))" }.joined())
    }

    private func place(_ segments: String...) -> Place {
        place(segments)
    }
}

extension Condition {
    /// Whether it holds for an argument that is not there.
    fileprivate var wantsAbsence: Bool {
        guard op == .exists, case .bool(let wanted) = value else { return false }
        return !wanted
    }
}

/// Whether one value can meet several conditions.
private enum Satisfiability {
    /// - Parameter conditions: all on one path.
    /// - Returns: false only where no value meets them all.
    static func isPossible(_ conditions: [Condition]) -> Bool {
        if conditions.contains(where: \.wantsAbsence) { return conditions.allSatisfy(\.wantsAbsence) }
        for condition in conditions {
            guard let candidates = candidates(condition) else { continue }
            return candidates.contains { candidate in meets(candidate, conditions) }
        }
        return intervalIsPossible(conditions) && typesArePossible(conditions)
    }

    /// The only values that meet a condition, where they can be listed.
    private static func candidates(_ condition: Condition) -> [ConditionValue]? {
        switch (condition.op, condition.value) {
        case (.eq, let value): [value]
        case (.in, .array(let values)): values
        default: nil
        }
    }

    private static func meets(_ value: ConditionValue, _ conditions: [Condition]) -> Bool {
        guard let tree = try? JSONTree(parsing: NormalFormWriter.bytes(of: value)) else { return true }
        return conditions.allSatisfy { CompiledCondition($0, slot: 0).fact(of: tree.root, in: tree) == .holds }
    }

    private static func intervalIsPossible(_ conditions: [Condition]) -> Bool {
        var lower: (bound: JSONNumber, isStrict: Bool)?
        var upper: (bound: JSONNumber, isStrict: Bool)?
        for condition in conditions {
            guard case .number(let bound) = condition.value else { continue }
            let isStrict = condition.op == .gt || condition.op == .lt
            switch condition.op {
            case .gt, .gte:
                if let old = lower, old.bound > bound || old.bound == bound && old.isStrict { continue }
                lower = (bound, isStrict)
            case .lt, .lte:
                if let old = upper, old.bound < bound || old.bound == bound && old.isStrict { continue }
                upper = (bound, isStrict)
            default: continue
            }
        }
        guard let lower, let upper else { return true }
        return lower.bound < upper.bound || lower.bound == upper.bound && !lower.isStrict && !upper.isStrict
    }

    private static func typesArePossible(_ conditions: [Condition]) -> Bool {
        var wanted: Set<JSONKind> = [.true, .false, .number, .string, .array, .object]
        for condition in conditions {
            switch condition.op {
            case .lt, .lte, .gt, .gte: wanted.formIntersection([.number])
            case .regex: wanted.formIntersection([.string])
            case .contains: wanted.formIntersection(condition.value.kind == .string ? [.string, .array] : [.array])
            case .neq: wanted.formIntersection(kinds(like: condition.value))
            default: continue
            }
        }
        return !wanted.isEmpty
    }

    private static func kinds(like value: ConditionValue) -> Set<JSONKind> {
        if case .bool = value { [.true, .false] } else { [value.kind] }
    }
}
