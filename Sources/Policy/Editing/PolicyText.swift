public import StrictJSON

/// A policy's own text, for choosing what becomes of one tool without touching what it says of the others: order, spaces and
/// every byte that a choice is not about stay as their author left them.
///
/// ```swift
/// let text = PolicyText(Array(#"{"version":"1","default":"deny","tools":{}}"#.utf8))
/// text?.setting("get_logs", to: .allow)?.bytes   // {"version":"1","default":"deny","tools":{"get_logs":{}}}
/// ```
public struct PolicyText: Sendable {
    /// Fields that say something of a tool and decide nothing about its calls.
    private static let annotations: Set<String> = ["risk", "record"]

    /// What the text says.
    public let document: PolicyDocument
    private let splice: TextSplice

    /// Takes a text; nil where it has errors, or is no JSON in the normal form: other spellings are not edited tool by tool.
    public init?(_ bytes: [UInt8]) {
        let reading = PolicyDocument.read(bytes)
        guard reading.dialect == .normal, let document = reading.document, let splice = try? TextSplice(bytes) else {
            return nil
        }
        self.document = document
        self.splice = splice
    }

    /// The text.
    public var bytes: [UInt8] { splice.bytes }

    /// The tools that the text names, under `tools` or `hide`, in its order.
    public var names: [String] {
        let tree = splice.tree
        let listed = PolicyText.tools(tree).map { tree.members($0).compactMap { tree.string($0.key) } } ?? []
        let hidden = PolicyText.hide(tree).map { tree.elements($0).compactMap { tree.string($0) } } ?? []
        let known = Set(listed.map { Array($0.utf8) })
        return listed + hidden.filter { $0 != "*" && !known.contains(Array($0.utf8)) }
    }

    /// How the text stands to a tool.
    public func entry(of tool: String) -> ToolEntry {
        PolicyText.entry(of: tool, in: splice.tree, document.byDefault)
    }

    /// The text with another choice about a tool.
    ///
    /// A hidden tool keeps its own rules, so that it can be shown again as it was. `allow` and `deny` take the rules away,
    /// and leave `risk` and `record`.
    ///
    /// - Returns: nil where it cannot be chosen: `custom` without own rules, or while `"*"` hides all.
    public func setting(_ tool: String, to state: ToolState) -> PolicyText? {
        let before = entry(of: tool)
        guard before.state != state else { return self }
        guard !before.isHiddenWithAll else { return nil }
        var splice = splice
        do throws(JSONError) {
            if state == .hide {
                // An entry without rules would only earn a warning beside `hide`.
                if before.state == .allow { try PolicyText.clear(tool, in: &splice) }
                try PolicyText.hide(tool, in: &splice)
                return PolicyText(splice.bytes)
            }
            try splice.remove(element: tool, from: PolicyText.hide)
            let shown = PolicyText.entry(of: tool, in: splice.tree, document.byDefault)
            if shown.state != state {
                guard state != .custom else { return nil }
                try PolicyText.clear(tool, in: &splice)
                try PolicyText.put(tool, state, document.byDefault, in: &splice)
            }
        } catch {
            return nil
        }
        return PolicyText(splice.bytes)
    }

    /// The text with another object of a tool's own, which need not be one that a policy takes: checking it says so.
    ///
    /// - Parameter rules: a JSON object; nil takes the tool's away.
    /// - Throws: `JSONError` where it is no JSON value by itself.
    public func replacingRules(of tool: String, with rules: String?) throws(JSONError) -> [UInt8] {
        var splice = splice
        guard let rules else {
            if let tools = PolicyText.tools(splice.tree) { try splice.remove(tool, from: tools) }
            return splice.bytes
        }
        let tree = try JSONTree(parsing: Array(rules.utf8))
        // Blanks around it are nobody's.
        let text = tree.withUnsafeBytes(of: tree.root) { String(decoding: $0, as: UTF8.self) }
        if let own = PolicyText.tools(splice.tree).flatMap({ splice.tree.member($0, named: tool) }) {
            try splice.replace(own, with: text)
        } else {
            try PolicyText.add(tool, text, in: &splice)
        }
        return splice.bytes
    }

    // MARK: Looking

    private static func tools(_ tree: JSONTree) -> JSONNode? { tree.member(tree.root, "tools") }

    private static func hide(_ tree: JSONTree) -> JSONNode? { tree.member(tree.root, "hide") }

    private static func entry(
        of tool: String, in tree: JSONTree, _ byDefault: PolicyDocument.Default
    ) -> ToolEntry {
        let name = Array(tool.utf8)
        let hidden = hide(tree).map { tree.elements($0).map { node in Array((tree.string(node) ?? "").utf8) } } ?? []
        let own = tools(tree).flatMap { tree.member($0, named: tool) }
        let isHiddenWithAll = hidden.contains([UInt8(ascii: "*")])
        let shown = own.map { state(of: $0, in: tree, byDefault) } ?? (byDefault == .allow ? .allow : .deny)
        return ToolEntry(
            state: isHiddenWithAll || hidden.contains(name) ? .hide : shown,
            rules: own.map { node in tree.withUnsafeBytes(of: node) { String(decoding: $0, as: UTF8.self) } },
            hasOwnRules: shown == .custom, isHiddenWithAll: isHiddenWithAll)
    }

    /// What a tool's own object makes of it.
    private static func state(
        of own: JSONNode, in tree: JSONTree, _ byDefault: PolicyDocument.Default
    ) -> ToolState {
        let rules = tree.members(own).filter { !annotations.contains(tree.string($0.key) ?? "") }
        guard let first = rules.first else { return .allow }
        guard rules.count == 1, tree.text(first.key, is: "deny_if"), tree.count(first.value) == 1,
            let rule = tree.element(first.value, at: 0), tree.count(rule) == 1,
            let conditions = tree.member(rule, "conditions"), tree.count(conditions) == 0
        else { return .custom }
        return .deny
    }

    // MARK: Changing

    private static func hide(_ tool: String, in splice: inout TextSplice) throws(JSONError) {
        let name = JSONString.of(tool)
        if let list = hide(splice.tree) { return try splice.append(element: name, to: list) }
        try splice.append("hide", "[\(name)]", to: splice.tree.root)
    }

    /// Takes a tool's rules away: its whole object where nothing else stands in it.
    private static func clear(_ tool: String, in splice: inout TextSplice) throws(JSONError) {
        guard let list = tools(splice.tree), let own = splice.tree.member(list, named: tool) else { return }
        let keys = splice.tree.members(own).compactMap { splice.tree.string($0.key) }
        guard keys.contains(where: annotations.contains) else { return try splice.remove(tool, from: list) }
        for key in keys where !annotations.contains(key) {
            guard let list = tools(splice.tree), let own = splice.tree.member(list, named: tool) else { return }
            try splice.remove(key, from: own)
        }
    }

    /// Says of a tool without rules that it is allowed or denied, where the document does not say so by itself.
    private static func put(
        _ tool: String, _ state: ToolState, _ byDefault: PolicyDocument.Default, in splice: inout TextSplice
    ) throws(JSONError) {
        guard entry(of: tool, in: splice.tree, byDefault).state != state else { return }
        guard state == .deny else { return try add(tool, "{}", in: &splice) }
        let always = splice.styled(#"[ { "conditions": [] } ]"#, #"[{"conditions":[]}]"#)
        if let own = tools(splice.tree).flatMap({ splice.tree.member($0, named: tool) }) {
            return try splice.append("deny_if", always, to: own)
        }
        try add(tool, splice.styled("{ \"deny_if\": \(always) }", "{\"deny_if\":\(always)}"), in: &splice)
    }

    private static func add(_ tool: String, _ rules: String, in splice: inout TextSplice) throws(JSONError) {
        if tools(splice.tree) == nil { try splice.append("tools", "{}", to: splice.tree.root) }
        guard let list = tools(splice.tree) else { return }
        try splice.append(tool, rules, to: list, isBlock: true)
    }
}
