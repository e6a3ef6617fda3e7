/// The elements of an array, in order, without allocating.
public struct ElementSequence: Sequence, IteratorProtocol, Sendable {
    private let nodes: [Node]
    private var at: Int
    private let end: Int

    init(nodes: [Node], container: JSONNode?) {
        self.nodes = nodes
        at = container.map { Int($0.index) + 1 } ?? 0
        end = container.map { Int(nodes[Int($0.index)].next) } ?? 0
    }

    /// The next element.
    public mutating func next() -> JSONNode? {
        guard at < end else { return nil }
        defer { at = Int(nodes[at].next) }
        return JSONNode(at)
    }
}

/// The members of an object, in document order, without allocating.
public struct MemberSequence: Sequence, IteratorProtocol, Sendable {
    private let nodes: [Node]
    private var at: Int
    private let end: Int

    init(nodes: [Node], container: JSONNode?) {
        self.nodes = nodes
        at = container.map { Int($0.index) + 1 } ?? 0
        end = container.map { Int(nodes[Int($0.index)].next) } ?? 0
    }

    /// The next member.
    public mutating func next() -> (key: JSONNode, value: JSONNode)? {
        guard at < end else { return nil }
        // A key is always followed by its value.
        defer { at = Int(nodes[at + 1].next) }
        return (JSONNode(at), JSONNode(at + 1))
    }
}
