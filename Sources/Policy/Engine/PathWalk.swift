import StrictJSON

/// One walk over one call's arguments.
struct PathWalk {
    let nodes: UnsafeBufferPointer<PathTrie.Node>
    let bytes: UnsafeBufferPointer<UInt8>
    let tables: UnsafeBufferPointer<Int32>
    let values: UnsafeMutableBufferPointer<Resolution>

    /// Notes a value that a path, or the beginning of one, leads to, and goes on below it.
    func visit(_ node: Int, _ value: JSONNode, _ tree: JSONTree) {
        values[node] = .found(value)
        guard nodes[node].tableMask >= 0 else { return }
        switch tree.kind(value) {
        case .object:
            for (key, member) in tree.members(value) {
                switch child(of: node, key, tree) {
                case .none: continue
                case .exact(let child):
                    if case .ambiguous = values[child] { continue }
                    visit(child, member, tree)
                case .folded(let child):
                    markAmbiguous(below: node, like: child)
                }
            }
        case .array:
            var child = node + 1
            while child < nodes[node].end {
                if nodes[child].index >= 0, let element = tree.element(value, at: nodes[child].index) {
                    visit(child, element, tree)
                }
                child = nodes[child].end
            }
        case .null, .true, .false, .number, .string: return
        }
    }

    /// Marks all children of a node that fold alike, and what is below them.
    private func markAmbiguous(below node: Int, like similar: Int) {
        var child = node + 1
        while child < nodes[node].end {
            if bytes[nodes[child].folded].elementsEqual(bytes[nodes[similar].folded]) {
                for index in child..<nodes[child].end { values[index] = .ambiguous }
            }
            child = nodes[child].end
        }
    }

    // MARK: Keys

    private enum Child {
        case none
        /// Its key is the member's, byte for byte.
        case exact(Int)
        /// Its key differs from the member's in case only.
        case folded(Int)
    }

    private func child(of node: Int, _ key: JSONNode, _ tree: JSONTree) -> Child {
        let quick = tree.withUnsafeBytes(of: key) { token -> Child? in
            let content = UnsafeRawBufferPointer(rebasing: token[1..<token.count - 1])
            var folded = FoldedKey()
            for byte in content {
                guard byte < 0x80, byte != UInt8(ascii: "\\") else { return nil }
                folded.combine(FoldedKey.fold(byte))
            }
            return lookUp(node, folded.hash, content, isFolded: false)
        }
        return quick ?? childOfUnusual(node, key, tree)
    }

    /// The child for a key that has escapes or is not ASCII.
    private func childOfUnusual(_ node: Int, _ key: JSONNode, _ tree: JSONTree) -> Child {
        var name: [UInt8] = []
        tree.appendUnescaped(key, to: &name)
        let folded = FoldedKey.folded(name)
        var hash = FoldedKey()
        for byte in folded { hash.combine(byte) }
        let found = folded.withUnsafeBytes { lookUp(node, hash.hash, $0, isFolded: true) }
        guard case .folded(let similar) = found else { return .none }
        // Several paths may fold alike: the one that is byte-equal is meant.
        var child = node + 1
        while child < nodes[node].end {
            if bytes[nodes[child].key].elementsEqual(name) { return .exact(child) }
            child = nodes[child].end
        }
        return .folded(similar)
    }

    /// Finds a child by a key.
    ///
    /// - Parameter isFolded: the key has been folded already, so that nothing is known of its own bytes.
    @inline(__always)
    private func lookUp(_ node: Int, _ hash: Int, _ key: UnsafeRawBufferPointer, isFolded: Bool) -> Child {
        let (table, mask) = (nodes[node].table, nodes[node].tableMask)
        var place = hash & mask
        var similar = Child.none
        while true {
            let child = Int(tables[table + place])
            guard child >= 0 else { return similar }
            if equals(key, nodes[child].folded, folding: !isFolded) {
                if !isFolded, equals(key, nodes[child].key, folding: false) { return .exact(child) }
                similar = .folded(child)
            }
            place = (place + 1) & mask
        }
    }

    @inline(__always)
    private func equals(_ key: UnsafeRawBufferPointer, _ range: Range<Int>, folding: Bool) -> Bool {
        guard key.count == range.count else { return false }
        for index in 0..<key.count {
            let byte = folding ? FoldedKey.fold(key[index]) : key[index]
            guard byte == bytes[range.lowerBound + index] else { return false }
        }
        return true
    }
}
