extension JSONTree {
    /// The first key that repeats an earlier one of its object, compared after unescaping.
    ///
    /// Takes time linear in the size of the document, also for objects made of colliding keys.
    ///
    /// - Parameter deep: also looks at every object inside `node`.
    /// - Returns: the repeating key's node, or nil where every key is the only one of its name.
    public mutating func firstDuplicateKey(in node: JSONNode, deep: Bool) -> JSONNode? {
        let first = Int(node.index)
        let end = deep ? Int(self[node].next) : first + 1
        return bytes.withUnsafeBufferPointer { bytes in
            for index in first..<end where nodes[index].kind == .object && nodes[index].count > 1 {
                if let key = keyTable.firstDuplicate(of: index, nodes: nodes, bytes: bytes) { return JSONNode(key) }
            }
            return nil
        }
    }

    /// Every key that repeats an earlier one of its object, compared after unescaping, inside `node`: for readers of documents,
    /// which tell all that is wrong at once.
    ///
    /// Recurs as deep as the document, which its parser's limits bound.
    public func repeatedKeys(in node: JSONNode) -> [JSONNode] {
        var repeated = elements(node).flatMap { repeatedKeys(in: $0) }
        var seen: Set<[UInt8]> = []
        for (key, value) in members(node) {
            var name: [UInt8] = []
            appendUnescaped(key, to: &name)
            if !seen.insert(name).inserted { repeated.append(key) }
            repeated += repeatedKeys(in: value)
        }
        return repeated
    }
}

/// Finds repeated keys: small objects by comparing each with each, larger ones with a hash table.
///
/// The hash is the standard library's, seeded per process, so nobody can prepare keys that collide. The table is
/// reused.
struct KeyTable: Sendable {
    /// Up to this many keys are compared with each other: at most 28 comparisons, most of them of lengths only.
    private static let fewKeys = 8

    /// Indices of key nodes; 0, which is never a key, marks a free place.
    private var slots: [UInt32] = []
    private var unescaped: [UInt8] = []

    mutating func releaseMemory(above bytes: Int) {
        if slots.capacity * MemoryLayout<UInt32>.stride > bytes { slots = [] }
        if unescaped.capacity > bytes { unescaped = [] }
    }

    /// - Returns: the index of the first key node that repeats an earlier key of the object.
    mutating func firstDuplicate(of object: Int, nodes: [Node], bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        let count = nodes[object].count
        let end = Int(nodes[object].next)
        if count > KeyTable.fewKeys {
            return firstDuplicateByHash(from: object + 1, to: end, count: count, nodes: nodes, bytes: bytes)
        }
        var key = object + 1
        while key < end {
            var earlier = object + 1
            while earlier < key {
                if KeyTable.same(nodes[earlier], nodes[key], in: bytes) { return key }
                earlier = Int(nodes[earlier + 1].next)
            }
            key = Int(nodes[key + 1].next)
        }
        return nil
    }

    private mutating func firstDuplicateByHash(
        from first: Int, to end: Int, count: Int, nodes: [Node], bytes: UnsafeBufferPointer<UInt8>
    ) -> Int? {
        // At least twice as many places as keys keeps the chains short.
        let size = 1 << (Int.bitWidth - (2 * count - 1).leadingZeroBitCount)
        slots.removeAll(keepingCapacity: true)
        slots.append(contentsOf: repeatElement(0, count: size))
        var key = first
        while key < end {
            var place = hash(nodes[key], in: bytes) & (size - 1)
            while slots[place] != 0 {
                if KeyTable.same(nodes[Int(slots[place])], nodes[key], in: bytes) { return key }
                place = (place + 1) & (size - 1)
            }
            slots[place] = UInt32(truncatingIfNeeded: key)
            key = Int(nodes[key + 1].next)
        }
        return nil
    }

    private mutating func hash(_ key: Node, in bytes: UnsafeBufferPointer<UInt8>) -> Int {
        var hasher = Hasher()
        let content = JSONTree.content(key, in: bytes)
        if key.hasEscapes {
            unescaped.removeAll(keepingCapacity: true)
            var iterator = UnescapedUTF8(content)
            while let byte = iterator.next() { unescaped.append(byte) }
            unescaped.withUnsafeBytes { hasher.combine(bytes: $0) }
        } else {
            hasher.combine(bytes: UnsafeRawBufferPointer(content))
        }
        return hasher.finalize()
    }

    private static func same(_ left: Node, _ right: Node, in bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        let isEscaped = (left.tag | right.tag) & Node.escapeBit != 0
        guard isEscaped || left.contentCount == right.contentCount else { return false }
        let leftContent = JSONTree.content(left, in: bytes)
        let rightContent = JSONTree.content(right, in: bytes)
        guard isEscaped else {
            return sameBytes(UnsafeRawBufferPointer(leftContent), UnsafeRawBufferPointer(rightContent))
        }
        var leftBytes = UnescapedUTF8(leftContent)
        var rightBytes = UnescapedUTF8(rightContent)
        while let byte = leftBytes.next() {
            guard rightBytes.next() == byte else { return false }
        }
        return rightBytes.next() == nil
    }
}
