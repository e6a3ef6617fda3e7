/// What a server has sent, read as far as the gateway has to.
///
/// Ranges are bytes of the message.
public enum ServerMessage: Sendable {
    /// An answer to a client's request.
    case response(ServerResponse)
    /// Something the server asks of the client.
    case request(id: MessageID, method: MethodName)
    /// Something the server tells.
    case notification(ServerNotification)
    /// Anything else, also what is no JSON: passed on as it is.
    case opaque
}

/// An answer to a client's request.
public struct ServerResponse: Sendable {
    /// What kind of answer it is.
    public enum Outcome: Sendable, Equatable {
        /// A result.
        case result
        /// A result that says that the tool failed (`isError: true`).
        case toolError
        /// A JSON-RPC error with its code, if that is an integer.
        case rpcError(code: Int64?)
    }

    /// The request's id; nil in an error about a request whose id could not be read.
    public let id: MessageID?
    /// What kind of answer it is.
    public let outcome: Outcome
    /// Whether the result asks for another round (`resultType: "input_required"`, 2026-07-28).
    public let needsInput: Bool
    /// The place of the result or error, for its digest and size.
    public let payload: Range<Int>
}

/// Something a server tells its client.
public struct ServerNotification: Sendable {
    /// What is told.
    public let method: MethodName
    /// For `notifications/progress`: the request's token.
    public let progressToken: MessageID?
}
