import StrictJSON

extension PolicyDocument {
    /// The normal form for people: a line for each field and tool, and for each field of a tool that has rules.
    public var laidOut: String {
        guard let tree = try? JSONTree(parsing: normalForm) else { return String(decoding: normalForm, as: UTF8.self) }
        return DocumentLayout(tree: tree).text(tree.root, level: 0) + "\n"
    }
}

/// Writes a JSON text in lines down to the fields of a tool, and within a line below.
private struct DocumentLayout {
    private static let levels = 3
    let tree: JSONTree

    func text(_ node: JSONNode, level: Int) -> String {
        switch tree.kind(node) {
        case .object where tree.count(node) > 0:
            let members = tree.members(node).map { key, value in "\(raw(key)): \(text(value, level: level + 1))" }
            guard level < Self.levels else { return "{ \(members.joined(separator: ", ")) }" }
            let inset = String(repeating: "  ", count: level)
            return "{\n" + members.map { "\(inset)  \($0)" }.joined(separator: ",\n") + "\n\(inset)}"
        case .array where tree.count(node) > 0:
            // What stands in a list stands in its line.
            return "[\(tree.elements(node).map { text($0, level: Self.levels) }.joined(separator: ", "))]"
        default: return raw(node)
        }
    }

    private func raw(_ node: JSONNode) -> String {
        tree.withUnsafeBytes(of: node) { String(decoding: $0, as: UTF8.self) }
    }
}
