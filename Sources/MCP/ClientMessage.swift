public import StrictJSON

/// What a client has sent.
///
/// Nodes and ranges belong to the scanner's tree, until its next scan.
public enum ClientMessage: Sendable {
    /// Something that asks for an answer.
    case request(ClientRequest)
    /// Something that asks for none.
    case notification(ClientNotification)
    /// An answer to a server's request.
    case response(ClientResponse)
}

/// A request, read as far as the gateway has to.
public struct ClientRequest: Sendable {
    /// The id that the answer has to repeat.
    public let id: MessageID
    /// What is asked for.
    public let method: MethodName
    /// `params`, of any kind: only a tool call's is known to be an object.
    public let params: JSONNode?
    /// The call, for `tools/call`.
    public let call: ToolCall?
    /// Who the client says it is, and in which revision it speaks: labels, never to be trusted.
    public let identity: ClientIdentity
    /// The trace that the client says this belongs to (`_meta.traceparent`).
    public let trace: TraceID?
    /// The token under which progress is reported (`_meta.progressToken`).
    public let progressToken: MessageID?
}

/// What `tools/call` asks for.
public struct ToolCall: Sendable {
    /// The tool's name: a string, not empty, without control characters.
    public let name: JSONNode
    /// The arguments, an object; nil where there are none.
    public let arguments: JSONNode?
    /// Whether the client asks for a task (2025-11-25).
    public let isTask: Bool
    /// What an earlier round of the same call handed out (2026-07-28).
    public let requestState: JSONNode?
    /// Whether it answers what an earlier round of the same call asked for (2026-07-28).
    public let hasInputResponses: Bool
}

/// Who a client says it is: in `initialize`, or in every request's `_meta` in the stateless era.
public struct ClientIdentity: Sendable {
    /// The revision, a string.
    public var protocolVersion: JSONNode?
    /// The client's name, a string.
    public var name: JSONNode?
    /// The client's version, a string.
    public var version: JSONNode?
    /// Whether it was said in `_meta`, as the stateless era does.
    public var isFromMeta = false
}

/// A notification.
public struct ClientNotification: Sendable {
    /// What is said; never a tool call.
    public let method: MethodName
    /// `params`, of any kind.
    public let params: JSONNode?
    /// For `notifications/cancelled`: the request that is no longer wanted.
    public let cancelledRequest: MessageID?
}

/// An answer to a request that the server sent.
public struct ClientResponse: Sendable {
    /// The request's id; nil only in an error about a request whose id could not be read.
    public let id: MessageID?
    /// Whether it is an error.
    public let isError: Bool
}
