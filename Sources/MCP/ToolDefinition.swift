public import StrictJSON

/// One tool as its server lists it.
public struct ToolDefinition: Sendable {
    /// The tool's name, unescaped.
    public let name: String
    /// The definition's place in the message.
    public let range: Range<Int>
    /// The definition's node in the reader's tree.
    public let node: JSONNode
    /// What the server says about the tool's effects.
    public let annotations: ToolAnnotations
    /// The names of the arguments that the input schema declares, in its order.
    public let argumentNames: [String]
}

/// What a server says about a tool's effects; hints, not promises.
///
/// Nil where it says nothing.
public struct ToolAnnotations: Sendable, Equatable {
    /// The tool changes nothing.
    public var readOnlyHint: Bool?
    /// The tool may destroy something.
    public var destructiveHint: Bool?
    /// Calling it again with the same arguments changes nothing more.
    public var idempotentHint: Bool?
    /// The tool deals with things outside of the server.
    public var openWorldHint: Bool?
}

extension ToolDefinition {
    /// Reads one element of a list; nil when it has no name.
    init?(_ node: JSONNode, in tree: JSONTree) {
        guard let name = tree.member(node, "name").flatMap({ tree.string($0) }) else { return nil }
        self.name = name
        self.node = node
        range = tree.range(node)
        func hint(_ key: StaticString) -> Bool? {
            tree.member(node, "annotations").flatMap { tree.member($0, key) }.flatMap { tree.bool($0) }
        }
        annotations = ToolAnnotations(
            readOnlyHint: hint("readOnlyHint"), destructiveHint: hint("destructiveHint"),
            idempotentHint: hint("idempotentHint"), openWorldHint: hint("openWorldHint"))
        let properties = tree.member(node, "inputSchema").flatMap { tree.member($0, "properties") }
        argumentNames = properties.map { tree.members($0).compactMap { tree.string($0.key) } } ?? []
    }
}
