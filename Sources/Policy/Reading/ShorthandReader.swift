import StrictJSON

/// The shorthand: `{"tools": {"T": {"action": "allow", "rate_limit": {"max": 10, "window": 60}}}}`.
///
/// Tools that are not listed are denied, windows are seconds, limits count each session by itself.
extension DocumentReader {
    /// Reads the shorthand as the normal form it stands for; incomplete where there are errors.
    mutating func readShorthand() -> PolicyDocument? {
        let fields = fields(root, "an object with \"tools\"", known: ["version", "tools"], required: ["tools"])
        guard let fields else { return nil }
        if let place = fields["version"] { _ = word(place, among: [PolicyFields.version]) }
        var document = PolicyDocument(byDefault: .deny)
        guard let place = fields["tools"] else { return nil }
        for (name, key, value) in members(place, "an object with a member for each tool") ?? [] {
            let at = Place(key, value.pointer)
            guard check(name, at, "a tool's name", maximum: PolicyFields.maximumNameBytes) else { continue }
            if name.contains("*") { refuse(.unknownField, at, expected: "a tool's name, no pattern") }
            if let rules = shorthandTool(name, value) { document.tools.append((name, rules)) }
        }
        document.tools.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        return document
    }

    private mutating func shorthandTool(_ name: String, _ place: Place) -> ToolRules? {
        let known = PolicyFields.shorthandTool
        let what = "an object with \(DocumentReader.list(known))"
        guard let fields = fields(place, what, known: known) else { return nil }
        var rules = ToolRules()
        let reason = fields["reason"].flatMap { text($0, "a text", maximum: PolicyFields.maximumTextBytes) }
        if let place = fields["rate_limit"], let limit = shorthandLimit(name, place) { rules.limits = [limit] }
        guard let action = fields["action"] else {
            if fields["rate_limit"] == nil {
                refuse(
                    .missingField, Place(place.node, "\(place.pointer)/action"), found: "nothing",
                    expected: DocumentReader.list(PolicyFields.shorthandActions))
            }
            return rules
        }
        switch word(action, among: PolicyFields.shorthandActions) {
        case "deny":
            var rule = PolicyRule(name: nil, conditions: [], onDeny: reason)
            rule.id = "\(RuleID.tool(name))/deny_if/always"
            rules.denyIf = [rule]
            if let limit = fields["rate_limit"] {
                refuse(.contradiction, limit, found: "rate_limit", expected: "no limit on a tool that is always denied")
            }
        case "allow":
            if let reason = fields["reason"] {
                warn(
                    .noEffect, reason, found: "a reason for what is allowed",
                    expected: "a reason only with the actions \"deny\" and \"require_approval\"")
            }
        case "require_approval":
            rules.approval = ApprovalRule(
                timeoutSeconds: ApprovalRule.shorthandTimeout, onTimeout: .deny, reason: reason)
        default: break
        }
        return rules
    }

    private mutating func shorthandLimit(_ tool: String, _ place: Place) -> LimitRule? {
        let known = PolicyFields.shorthandRate
        let what = "an object with \(DocumentReader.list(known))"
        guard let fields = fields(place, what, known: known, required: known) else { return nil }
        let most = 0...PolicyFields.maximumInteger
        let maximum = fields["max"].flatMap { integer($0, "a whole number from 0, where 0 means never", in: most) }
        let window = fields["window"].flatMap {
            integer($0, "whole seconds as a number", in: 1...PolicyFields.maximumWindowSeconds)
        }
        guard let maximum, let window else { return nil }
        warn(
            .sessionFallback, place, found: "a limit for each session",
            expected: "callers that have sessions: those without share their grant's counter")
        var limit = LimitRule(
            counter: "rate_limit", windowSeconds: window, maximum: maximum, scope: .session,
            increment: .constant(1), algorithm: .sliding)
        limit.id = "\(RuleID.tool(tool))/limits/rate_limit"
        return limit
    }
}
