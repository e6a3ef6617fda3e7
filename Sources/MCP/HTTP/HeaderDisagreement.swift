/// Why a message over HTTP is refused though its envelope is in order: the server behind could read its headers where
/// the gateway has read its body.
///
/// Always answered with HTTP status 400. Never contains a byte of the message or its headers.
public enum HeaderDisagreement: Error, Equatable, Sendable {
    /// A member of `params._meta` that each request of the stateless era must have.
    public enum MetaField: Sendable {
        /// `io.modelcontextprotocol/protocolVersion`.
        case protocolVersion
        /// `io.modelcontextprotocol/clientCapabilities`.
        case clientCapabilities
    }

    /// A header was sent more than once.
    case duplicate(RoutingHeader)
    /// A header that the stateless era requires was not sent.
    case missing(RoutingHeader)
    /// A header says something else than the body, or something that cannot be decoded.
    case mismatch(RoutingHeader)
    /// The body lacks what the stateless era requires.
    case missingMeta(MetaField)

    /// The JSON-RPC code of the answer: −32020, or −32602 for what the body lacks.
    public var code: RPCErrorCode {
        if case .missingMeta = self { return .invalidParams }
        return .headerMismatch
    }

    /// The same in words, constant text.
    public var text: StaticString {
        switch self {
        case .duplicate(.protocolVersion): "the header MCP-Protocol-Version is there more than once"
        case .duplicate(.method): "the header Mcp-Method is there more than once"
        case .duplicate(.name): "the header Mcp-Name is there more than once"
        case .missing(.protocolVersion): "the header MCP-Protocol-Version is missing"
        case .missing(.method): "the header Mcp-Method is missing"
        case .missing(.name): "the header Mcp-Name is missing"
        case .mismatch(.protocolVersion): "the header MCP-Protocol-Version does not match the body"
        case .mismatch(.method): "the header Mcp-Method does not match the body"
        case .mismatch(.name): "the header Mcp-Name does not match the body"
        case .missingMeta(.protocolVersion): "params._meta lacks io.modelcontextprotocol/protocolVersion"
        case .missingMeta(.clientCapabilities): "params._meta lacks io.modelcontextprotocol/clientCapabilities"
        }
    }
}

extension HeaderDisagreement: CustomStringConvertible {
    /// The text.
    public var description: String { "\(text)" }
}
