import StrictJSON

extension DocumentReader {
    /// Reads the list under `require` or `deny_if`.
    mutating func policyRules(_ place: Place, prefix: String) -> [PolicyRule] {
        var rules: [PolicyRule] = []
        var taken: Set<[UInt8]> = []
        for place in elements(place, "a list of rules") {
            guard var rule = policyRule(place) else { continue }
            rule.id = RuleID.next(prefix, rule.label, taken: &taken)
            if rule.id.utf8.count > PolicyFields.maximumIDBytes {
                refuse(
                    .outOfRange, place, found: "a rule whose id would have \(rule.id.utf8.count) bytes",
                    expected: "a short \"name\" for this rule")
            }
            rules.append(rule)
        }
        return rules
    }

    private mutating func policyRule(_ place: Place) -> PolicyRule? {
        let known = PolicyFields.rule
        let what = "an object with \(DocumentReader.list(known))"
        guard let fields = fields(place, what, known: known, required: ["conditions"]) else { return nil }
        let name = fields["name"].flatMap { text($0, "a name") }
        let onDeny = fields["on_deny"].flatMap { text($0, "a text", maximum: PolicyFields.maximumTextBytes) }
        var conditions: [Condition] = []
        if let place = fields["conditions"] {
            for place in elements(place, "a list of conditions") {
                if let condition = condition(place) { conditions.append(condition) }
            }
        }
        return PolicyRule(name: name, conditions: conditions, onDeny: onDeny)
    }

    private mutating func condition(_ place: Place) -> Condition? {
        let known = PolicyFields.condition
        let what = "an object with \(DocumentReader.list(known))"
        guard let fields = fields(place, what, known: known, required: known) else { return nil }
        let path = fields["path"].flatMap { self.path($0) }
        let op = fields["op"].flatMap { word($0, ConditionOperator.self) }
        guard let op, let place = fields["value"], let (value, pattern) = operand(place, of: op), let path else {
            return nil
        }
        return Condition(path: path, op: op, value: value, pattern: pattern)
    }

    /// Reads what an operator compares with.
    private mutating func operand(_ place: Place, of op: ConditionOperator) -> (ConditionValue, LinearRegex?)? {
        let kind = tree.kind(place.node)
        let isBool = kind == .true || kind == .false
        switch op {
        case .lt, .lte, .gt, .gte:
            let quoted = tree.string(place.node).flatMap { text in
                Array(text.utf8).withUnsafeBytes { JSONNumber(token: $0) }
            }
            guard require(kind == .number, place, "a number", suggestion: quoted?.description) else { return nil }
        case .in, .notIn:
            guard require(kind == .array, place, "a list") else { return nil }
            for (index, element) in tree.elements(place.node).enumerated() where tree.kind(element) == .null {
                let at = Place(element, "\(place.pointer)/\(index)")
                _ = require(false, at, "a value: null counts as absent, test for it with \"exists\"")
            }
        case .exists:
            guard require(isBool, place, "true or false") else { return nil }
        case .regex:
            guard require(kind == .string, place, "a pattern as a string") else { return nil }
            guard let pattern = pattern(place) else { return nil }
            return (.string(pattern.pattern), pattern)
        case .contains:
            guard require(kind == .string || kind == .number || isBool, place, "a string, a number, true or false")
            else { return nil }
        case .eq, .neq:
            guard require(kind != .null, place, "a value: null counts as absent, test for it with \"exists\"")
            else { return nil }
        }
        return (value(place.node), nil)
    }

    private mutating func require(
        _ isRight: Bool, _ place: Place, _ expected: String, suggestion: String? = nil
    ) -> Bool {
        if !isRight { refuse(.wrongType, place, expected: expected, suggestion: suggestion) }
        return isRight
    }

    private mutating func pattern(_ place: Place) -> LinearRegex? {
        do {
            return try LinearRegex(tree.string(place.node) ?? "")
        } catch {
            refuse(.badPattern, place, expected: "a pattern that can be used: \(error)")
            return nil
        }
    }

    /// A value as conditions keep it.
    private func value(_ node: JSONNode) -> ConditionValue {
        switch tree.kind(node) {
        case .null: return .null
        case .true: return .bool(true)
        case .false: return .bool(false)
        case .number: return tree.number(node).map { .number($0) } ?? .null
        case .string: return .string(tree.string(node) ?? "")
        case .array: return .array(tree.elements(node).map { value($0) })
        case .object:
            let members = tree.members(node).map { (key: tree.string($0.key) ?? "", value: value($0.value)) }
            return .object(members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) })
        }
    }
}
