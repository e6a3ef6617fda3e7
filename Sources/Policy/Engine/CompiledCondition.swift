import StrictJSON

/// A condition made ready for evaluation.
final class CompiledCondition: Sendable {
    /// Where its path's value stands among those of a walk over the arguments.
    let slot: Int
    let op: ConditionOperator
    let operand: Operand
    /// What the record says where the value cannot be compared.
    let mismatchMessage: String
    /// The condition as people read it: path, operator, value.
    let text: String

    init(_ condition: Condition, slot: Int) {
        self.slot = slot
        op = condition.op
        operand = Operand(condition.value, pattern: condition.pattern)
        mismatchMessage = CompiledCondition.mismatchMessage(condition)
        let value = String(decoding: NormalFormWriter.bytes(of: condition.value), as: UTF8.self)
        text = "\(condition.path) \(condition.op.rawValue) \(value)"
    }

    /// What a value says of the condition, where null counts as absent.
    func fact(of resolution: Resolution, in tree: JSONTree) -> Fact {
        switch resolution {
        case .ambiguous: .mismatch
        case .missing: absent
        case .found(let node): fact(of: node, in: tree)
        }
    }

    /// What an argument's absence says: only `exists` can hold.
    private var absent: Fact {
        guard op == .exists, case .bool(let wanted) = operand else { return .fails }
        return Fact(!wanted)
    }

    /// What an argument says of the condition.
    func fact(of node: JSONNode, in tree: JSONTree) -> Fact {
        guard tree.kind(node) != .null else { return absent }
        switch op {
        case .exists:
            guard case .bool(let wanted) = operand else { return .fails }
            return Fact(wanted)
        case .eq: return equality(node, tree, negated: false)
        case .neq: return equality(node, tree, negated: true)
        case .lt, .lte, .gt, .gte: return order(node, tree)
        case .in: return membership(node, tree, negated: false)
        case .notIn: return membership(node, tree, negated: true)
        case .regex:
            guard case .pattern(let regex) = operand, tree.kind(node) == .string else { return .mismatch }
            return Fact(tree.withText(of: node) { regex.matches($0) })
        case .contains: return containment(node, tree)
        }
    }

    private func equality(_ node: JSONNode, _ tree: JSONTree, negated: Bool) -> Fact {
        switch operand.compare(node, in: tree) {
        case .equal: Fact(!negated)
        case .different: Fact(negated)
        case .incomparable: .mismatch
        }
    }

    private func order(_ node: JSONNode, _ tree: JSONTree) -> Fact {
        guard case .number(let bound) = operand, tree.kind(node) == .number,
            let order = bound.order(of: node, in: tree)
        else { return .mismatch }
        switch op {
        case .lt: return Fact(order < 0)
        case .lte: return Fact(order <= 0)
        case .gt: return Fact(order > 0)
        default: return Fact(order >= 0)
        }
    }

    /// In no list of another type: a value that equals none, and could be compared with none, is a mismatch.
    private func membership(_ node: JSONNode, _ tree: JSONTree, negated: Bool) -> Fact {
        guard case .list(let values) = operand else { return .mismatch }
        var isComparable = values.isEmpty
        for value in values {
            switch value.compare(node, in: tree) {
            case .equal: return Fact(!negated)
            case .different: isComparable = true
            case .incomparable: continue
            }
        }
        return isComparable ? Fact(negated) : .mismatch
    }

    /// A text in a text, or an element of a list; where it is not found, elements of another type are a mismatch.
    private func containment(_ node: JSONNode, _ tree: JSONTree) -> Fact {
        switch tree.kind(node) {
        case .string:
            guard case .text(let part) = operand else { return .mismatch }
            return Fact(tree.withText(of: node) { part.isInside($0) })
        case .array:
            var isComparable = true
            for element in tree.elements(node) where tree.kind(element) != .null {
                switch operand.compare(element, in: tree) {
                case .equal: return .holds
                case .different: continue
                case .incomparable: isComparable = false
                }
            }
            return isComparable ? .fails : .mismatch
        case .null, .true, .false, .number, .object:
            return .mismatch
        }
    }

    private static func mismatchMessage(_ condition: Condition) -> String {
        let type: String? =
            switch condition.op {
            case .lt, .lte, .gt, .gte: "as a number"
            case .regex: "as a string"
            case .eq, .neq: "as \(condition.value.typeName)"
            case .contains:
                condition.value.kind == .string
                    ? "as a string or a list of strings" : "as a list of \(condition.value.typeName.dropFirst(2))s"
            case .in, .notIn: "with the type of the values that its rule lists"
            case .exists: nil
            }
        return "\(condition.path) must be given once\(type.map { ", \($0)" } ?? "")."
    }
}

extension JSONTree {
    /// Lends a string's UTF-8 bytes, unescaped; copies them only where there are escapes.
    func withText<Result>(of node: JSONNode, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        let quick = withUnsafeBytes(of: node) { token -> Result? in
            let content = UnsafeRawBufferPointer(rebasing: token[1..<token.count - 1])
            guard !content.contains(UInt8(ascii: "\\")) else { return nil }
            return content.withMemoryRebound(to: UInt8.self, body)
        }
        if let quick { return quick }
        var text: [UInt8] = []
        appendUnescaped(node, to: &text)
        return text.withUnsafeBufferPointer(body)
    }
}
