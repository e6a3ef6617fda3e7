import Events
import StrictJSON

/// What another text of a policy means, in words: the parts that differ, whatever the spelling.
public enum PolicyChanges {
    /// One line for each part that says something else: fields of the document first, then tools in the order of their names.
    public static func between(_ old: PolicyDocument, _ new: PolicyDocument) -> [String] {
        guard old.normalForm != new.normalForm, let before = try? JSONTree(parsing: old.normalForm),
            let after = try? JSONTree(parsing: new.normalForm)
        else { return [] }
        var lines: [String] = []
        if old.byDefault != new.byDefault {
            lines.append("tools that are not listed: \(old.byDefault.rawValue) → \(new.byDefault.rawValue)")
        }
        if old.mode != new.mode { lines.append("mode: \(old.mode.rawValue) → \(new.mode.rawValue)") }
        for field in ["all_tools", "brake"] where text(before, field) != text(after, field) {
            lines.append("\(field): \(word(text(before, field), text(after, field)))")
        }
        if old.hide.contains("*") != new.hide.contains("*") {
            lines.append(new.hide.contains("*") ? "every tool is hidden" : "tools are no longer all hidden")
        }
        let (one, other) = (PolicyText(old.normalForm), PolicyText(new.normalForm))
        guard let one, let other else { return lines }
        var names: [[UInt8]: String] = [:]
        for name in one.names + other.names { names[Array(name.utf8)] = name }
        for (_, name) in names.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            let (was, now) = (one.entry(of: name), other.entry(of: name))
            if was.state != now.state {
                lines.append("\(name): \(was.state.rawValue) → \(now.state.rawValue)")
            } else if was.rules != now.rules {
                lines.append("\(name): its rules are \(word(was.rules, now.rules))")
            }
        }
        return lines
    }

    private static func text(_ tree: JSONTree, _ field: String) -> String? {
        tree.member(tree.root, named: field).map { node in
            tree.withUnsafeBytes(of: node) { String(decoding: $0, as: UTF8.self) }
        }
    }

    private static func word(_ old: String?, _ new: String?) -> String {
        old == nil ? "added" : new == nil ? "removed" : "changed"
    }
}
