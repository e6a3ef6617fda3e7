/// A JSON document as its bytes plus a flat array of nodes in document order.
///
/// For documents that decide something: messages at the gateway, policies, configuration. What `StrictJSON` does:
/// - accepts RFC 8259 and nothing else: no byte order mark, no trailing bytes, no lone surrogates, only valid UTF-8,
///   and by default no object with the same key twice (compared after unescaping);
/// - keeps every value's byte range, so that text can be forwarded, digested or cut as it was sent;
/// - compares numbers exactly, whatever their size and spelling (``JSONNumber``);
/// - takes time linear in the document's size, on hostile ones too, and never recurses.
///
/// It never changes a document, never rounds, and its errors never contain a byte of the document.
///
/// Both storages are reused by the next ``parse(_:limits:)-(UnsafeRawBufferPointer,_)``: a warmed-up tree allocates
/// nothing. After a refusal, and before the first parse, the tree is a `null` with an empty range.
///
/// ```swift
/// let tree = try JSONTree(parsing: Array(#"{"amount": 1.0}"#.utf8))
/// if let node = tree.member(tree.root, "amount"), let number = tree.number(node) {
///     print(number == JSONNumber(1))  // true
/// }
/// ```
public struct JSONTree: Sendable {
    /// The document as it was given, also after a refusal (unless it was for its size).
    public internal(set) var bytes: [UInt8] = []
    /// Nodes, of which the first `nodeCount` belong to this document and the rest are spare.
    var nodes: [Node] = [.none]
    var nodeCount = 1
    var keyTable = KeyTable()

    /// Makes a tree that holds `null` and an empty range.
    public init() {}

    /// Parses a document.
    ///
    /// - Throws: ``JSONError`` for the first thing wrong with it.
    public init(parsing bytes: [UInt8], limits: JSONLimits = .init()) throws(JSONError) {
        try parse(bytes, limits: limits)
    }

    /// Replaces the tree by that of another document, reusing its memory; copies the bytes.
    ///
    /// - Throws: ``JSONError`` for the first thing wrong with it.
    public mutating func parse(_ bytes: [UInt8], limits: JSONLimits = .init()) throws(JSONError) {
        try bytes.withUnsafeBufferPointer { (input) throws(JSONError) in
            try parse(UnsafeRawBufferPointer(input), limits: limits)
        }
    }

    /// Replaces the tree by that of another document, reusing its memory; copies the bytes.
    ///
    /// - Throws: ``JSONError`` for the first thing wrong with it.
    public mutating func parse(_ input: UnsafeRawBufferPointer, limits: JSONLimits) throws(JSONError) {
        clear()
        let maximum = max(0, min(limits.maximumBytes, JSONLimits.addressableBytes))
        guard input.count <= maximum else { throw JSONError(.tooLarge, at: maximum) }
        input.withMemoryRebound(to: UInt8.self) { bytes.append(contentsOf: $0) }
        nodeCount = try JSONTree.fill(&nodes, from: bytes, maximumDepth: limits.maximumDepth)
        guard limits.duplicateKeys == .refuse, let key = firstDuplicateKey(in: root, deep: true) else { return }
        let offset = range(key).lowerBound
        nodeCount = 1
        nodes[0] = .none
        throw JSONError(.duplicateKey, at: offset)
    }

    /// Forgets the document and gives back memory beyond `bytes`, so that one huge document is not paid for ever.
    ///
    /// - Parameter bytes: how much memory the tree may keep, in bytes, for each of its storages.
    public mutating func releaseMemory(above bytes: Int) {
        clear()
        if self.bytes.capacity > bytes { self.bytes = [] }
        if nodes.count * MemoryLayout<Node>.stride > bytes { nodes = [.none] }
        keyTable.releaseMemory(above: bytes)
    }

    private mutating func clear() {
        bytes.removeAll(keepingCapacity: true)
        nodes[0] = .none
        nodeCount = 1
    }

    /// Runs the parser, giving it more nodes each time it has used them up.
    private static func fill(
        _ nodes: inout [Node], from bytes: [UInt8], maximumDepth: Int
    ) throws(JSONError) -> Int {
        var parser = Parser(maximumDepth: maximumDepth)
        do throws(JSONError) {
            while true {
                let finished = try bytes.withUnsafeBufferPointer { (input) throws(JSONError) -> Bool in
                    try nodes.withUnsafeMutableBufferPointer { (nodes) throws(JSONError) -> Bool in
                        try parser.run(input, into: nodes)
                    }
                }
                if finished { return parser.nodeCount }
                let more = max(nodes.count, 32, bytes.count / 32)
                nodes.append(contentsOf: repeatElement(.none, count: more))
            }
        } catch {
            nodes[0] = .none
            throw error
        }
    }
}
