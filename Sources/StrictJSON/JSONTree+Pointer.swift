extension JSONTree {
    /// The RFC 6901 pointer to a value, or to the member that a key names: `""` for the root, `/tools/a~1b/0`.
    ///
    /// Made for error messages: it walks from the root. Keys are part of the document, so it is not for the log.
    public func pointer(to node: JSONNode) -> String {
        precondition(node.index < nodeCount, "the node belongs to another tree")
        var pointer = ""
        var container = root
        while container != node {
            var inner: JSONNode?
            if kind(container) == .object {
                for (key, value) in members(container) where contains(value, node) || key == node {
                    pointer += "/" + JSONTree.escapedForPointer(string(key) ?? "")
                    inner = key == node ? node : value
                    break
                }
            } else {
                for (index, element) in elements(container).enumerated() where contains(element, node) {
                    pointer += "/\(index)"
                    inner = element
                    break
                }
            }
            guard let inner else { break }
            container = inner
        }
        return pointer
    }

    /// A key as a pointer's segment: `~` and `/` escaped as RFC 6901 §3 asks.
    static func escapedForPointer(_ key: String) -> String {
        var escaped = ""
        for scalar in key.unicodeScalars {
            switch scalar {
            case "~": escaped += "~0"
            case "/": escaped += "~1"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    private func contains(_ outer: JSONNode, _ inner: JSONNode) -> Bool {
        inner.index >= outer.index && inner.index < self[outer].next
    }
}
