package import StrictJSON

/// One condition looked at by itself, away from any call: for replays, which have less than the arguments.
package struct ConditionLook: Sendable {
    /// What is known of the argument that a condition looks at.
    package enum Argument: Sendable {
        /// There is none.
        case missing
        /// Its key stands there more than once, by case.
        case ambiguous
        /// The root of a document of its own.
        case value(JSONTree)
    }

    /// The condition's one spelling: two conditions with equal spellings find the same in any call.
    package let spelling: [UInt8]
    /// The path that it looks at.
    package let path: String
    /// The path's first key.
    package let firstKey: String
    private let condition: CompiledCondition

    /// Prepares a document's condition.
    package init(_ condition: Condition) {
        self.condition = CompiledCondition(condition, slot: 0)
        path = condition.path.text
        firstKey = String(decoding: condition.path.segments.first?.key ?? [], as: UTF8.self)
        spelling =
            Array("\(condition.path.text) \(condition.op.rawValue) ".utf8) + NormalFormWriter.bytes(of: condition.value)
    }

    /// Looks at nothing but what is at a path.
    package init(at path: ArgumentPath) {
        self.init(Condition(path: path, op: .exists, value: .bool(true), pattern: nil))
    }

    /// What an argument says of the condition, as `facts` has it: `1`, `0` or `!`.
    package func fact(of argument: Argument) -> UInt8 {
        switch argument {
        case .missing: condition.fact(of: .missing, in: JSONTree()).rawValue
        case .ambiguous: condition.fact(of: .ambiguous, in: JSONTree()).rawValue
        case .value(let tree): condition.fact(of: tree.root, in: tree).rawValue
        }
    }
}

extension ToolRules {
    /// The conditions in the order of `facts`, each with its rule's id and whether that rule requires it.
    package var looks: [(rule: String, isRequired: Bool, look: ConditionLook)] {
        require.flatMap { rule in rule.conditions.map { (rule.id, true, ConditionLook($0)) } }
            + denyIf.flatMap { rule in rule.conditions.map { (rule.id, false, ConditionLook($0)) } }
    }

    /// The path that limits count by, where one of them counts what the arguments say.
    package var incrementPath: String? {
        limits.lazy.compactMap { limit in
            if case .from(let path) = limit.increment { path.text } else { nil }
        }.first
    }

    /// Whether some limit may hold more calls at once than are kept one by one.
    package var hasCoarseLimits: Bool {
        limits.contains { limit in
            guard limit.algorithm == .sliding else { return false }
            if case .constant(let count) = limit.increment { return limit.maximum / count > CounterBlock.maximumRing }
            return true
        }
    }
}

extension PolicyDocument {
    /// What the document says of a tool; nothing where it does not list it.
    package func rules(ofTool name: String) -> ToolRules {
        tools.first { $0.name.utf8.elementsEqual(name.utf8) }?.rules ?? ToolRules()
    }
}
