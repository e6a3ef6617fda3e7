extension JSONTree {
    /// The document's one value.
    public var root: JSONNode { JSONNode(0) }

    /// The kind of a value; an object's keys are strings.
    public func kind(_ node: JSONNode) -> JSONKind { self[node].kind }

    /// The value's own span in ``bytes``, quotation marks and brackets included.
    public func range(_ node: JSONNode) -> Range<Int> {
        let found = self[node]
        return Int(found.start)..<Int(found.end)
    }

    /// How many elements an array or members an object has; 0 for other values.
    public func count(_ node: JSONNode) -> Int {
        let found = self[node]
        return found.kind == .array || found.kind == .object ? found.count : 0
    }

    /// The elements of an array in order; none for other values.
    public func elements(_ array: JSONNode) -> ElementSequence {
        ElementSequence(nodes: nodes, container: kind(array) == .array ? array : nil)
    }

    /// The members of an object in document order; none for other values.
    public func members(_ object: JSONNode) -> MemberSequence {
        MemberSequence(nodes: nodes, container: kind(object) == .object ? object : nil)
    }

    /// The element at a position counted from 0, or nil where there is none or the value is not an array.
    ///
    /// Walks over the elements before it: each costs one step, whatever it contains.
    public func element(_ array: JSONNode, at index: Int) -> JSONNode? {
        guard index >= 0, index < count(array), kind(array) == .array else { return nil }
        var iterator = elements(array).makeIterator()
        for _ in 0..<index { _ = iterator.next() }
        return iterator.next()
    }

    /// The value of a key, compared exactly after unescaping; nil where there is none or the value is not an object.
    ///
    /// In a document accepted with ``DuplicateKeys/allow`` it is the first one's.
    public func member(_ object: JSONNode, _ key: StaticString) -> JSONNode? {
        key.withUTF8Buffer { member(object, utf8: UnsafeRawBufferPointer($0)) }
    }

    /// The value of a key, compared exactly after unescaping; nil where there is none or the value is not an object.
    public func member(_ object: JSONNode, named key: String) -> JSONNode? {
        var key = key
        return key.withUTF8 { member(object, utf8: UnsafeRawBufferPointer($0)) }
    }

    /// The first key of this name in a value and everything inside it, in document order of the objects.
    ///
    /// For names that are dangerous wherever they stand, such as `__proto__`.
    public func firstKey(named name: StaticString, inside node: JSONNode) -> JSONNode? {
        let length = name.utf8CodeUnitCount
        for index in Int(node.index)..<Int(self[node].next) where nodes[index].kind == .object {
            let end = Int(nodes[index].next)
            var key = index + 1
            while key < end {
                if nodes[key].hasEscapes || nodes[key].contentCount == length, text(JSONNode(key), is: name) {
                    return JSONNode(key)
                }
                key = Int(nodes[key + 1].next)
            }
        }
        return nil
    }

    private func member(_ object: JSONNode, utf8 key: UnsafeRawBufferPointer) -> JSONNode? {
        for (name, value) in members(object) where equals(name, utf8: key) { return value }
        return nil
    }

    /// The string a node stands for, unescaped; nil when it is no string.
    ///
    /// Works for keys as well.
    public func string(_ node: JSONNode) -> String? {
        let found = self[node]
        guard found.kind == .string else { return nil }
        guard found.hasEscapes else {
            return withContent(found) { String(decoding: $0, as: UTF8.self) }
        }
        var unescaped: [UInt8] = []
        appendUnescaped(node, to: &unescaped)
        return String(decoding: unescaped, as: UTF8.self)
    }

    /// Appends the UTF-8 bytes that a string stands for; nothing when the node is no string.
    public func appendUnescaped(_ stringNode: JSONNode, to buffer: inout [UInt8]) {
        let found = self[stringNode]
        guard found.kind == .string else { return }
        withContent(found) { content in
            guard found.hasEscapes else { return buffer.append(contentsOf: content) }
            var iterator = UnescapedUTF8(content)
            while let byte = iterator.next() { buffer.append(byte) }
        }
    }

    /// Lends the UTF-8 bytes that a string stands for; copies only where it has escapes.
    ///
    /// - Returns: what `body` returns, or nil when the node is no string. The pointer is valid during the call only.
    @inlinable public func withUnescaped<Result>(
        _ stringNode: JSONNode, _ body: (UnsafeBufferPointer<UInt8>) -> Result
    ) -> Result? {
        // Generic code is only fast where it is compiled for its types: this much in the caller's module, no more.
        var result: Result?
        visitUnescaped(stringNode) { result = body($0) }
        return result
    }

    /// Calls `body` once with a string's UTF-8 bytes, or not at all when the node is no string.
    @usableFromInline func visitUnescaped(_ stringNode: JSONNode, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
        let found = self[stringNode]
        guard found.kind == .string else { return }
        withContent(found) { content in
            guard found.hasEscapes else { return body(content) }
            // Unescaping never makes a string longer.
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: content.count) { buffer in
                var iterator = UnescapedUTF8(content)
                var count = 0
                while count < buffer.count, let byte = iterator.next() {
                    buffer[count] = byte
                    count += 1
                }
                body(UnsafeBufferPointer(rebasing: buffer[..<count]))
            }
        }
    }

    /// Whether a string is exactly these UTF-8 bytes after unescaping; false when the node is no string.
    public func equals(_ stringNode: JSONNode, utf8 other: UnsafeRawBufferPointer) -> Bool {
        let found = self[stringNode]
        guard found.kind == .string else { return false }
        let length = found.contentCount
        guard found.hasEscapes ? length > other.count : length == other.count else { return false }
        return withContent(found) { content in
            guard found.hasEscapes else { return sameBytes(UnsafeRawBufferPointer(content), other) }
            var iterator = UnescapedUTF8(content)
            for byte in other where iterator.next() != byte { return false }
            return iterator.next() == nil
        }
    }

    /// Whether a string is exactly this text after unescaping; false when the node is no string.
    public func text(_ stringNode: JSONNode, is other: StaticString) -> Bool {
        other.withUTF8Buffer { equals(stringNode, utf8: UnsafeRawBufferPointer($0)) }
    }

    /// The boolean a node stands for; nil when it is none.
    public func bool(_ node: JSONNode) -> Bool? {
        switch kind(node) {
        case .true: true
        case .false: false
        default: nil
        }
    }

    /// The exact number a node stands for; nil when it is none.
    public func number(_ node: JSONNode) -> JSONNumber? {
        guard kind(node) == .number else { return nil }
        return withUnsafeBytes(of: node) { JSONNumber(token: $0) }
    }

    /// Lends the bytes of a value's span without copying them; the pointer is valid during the call only.
    @inlinable public func withUnsafeBytes<Result>(of node: JSONNode, _ body: (UnsafeRawBufferPointer) -> Result)
        -> Result
    {
        let range = range(node)
        return bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[range])) }
    }

    /// The bytes between a string's quotation marks.
    @inline(__always)
    func withContent<Result>(_ node: Node, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        bytes.withUnsafeBufferPointer { body(JSONTree.content(node, in: $0)) }
    }

    /// The bytes between a string's quotation marks.
    @inline(__always)
    static func content(_ node: Node, in bytes: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: bytes[(Int(node.start) + 1)..<(Int(node.end) - 1)])
    }

    /// Looks a node up; one that belongs to another document's tree is a programming error, stopped here.
    subscript(node: JSONNode) -> Node {
        precondition(node.index < nodeCount, "the node belongs to another tree")
        return nodes[Int(node.index)]
    }
}
