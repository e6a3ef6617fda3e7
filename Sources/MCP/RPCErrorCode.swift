/// A JSON-RPC error code.
///
/// −32020 to −32099 belong to the protocol; the gateway's own are within −32000 to −32019, which it leaves to
/// implementations.
public struct RPCErrorCode: Hashable, Sendable {
    /// The number on the wire.
    public let value: Int

    /// Makes a code.
    public init(_ value: Int) {
        self.value = value
    }

    /// Not JSON (JSON-RPC 2.0 §5.1).
    public static let parseError = RPCErrorCode(-32700)
    /// Not a request (JSON-RPC 2.0 §5.1).
    public static let invalidRequest = RPCErrorCode(-32600)
    /// No such method (JSON-RPC 2.0 §5.1).
    public static let methodNotFound = RPCErrorCode(-32601)
    /// Wrong parameters (JSON-RPC 2.0 §5.1).
    public static let invalidParams = RPCErrorCode(-32602)
    /// Something failed inside (JSON-RPC 2.0 §5.1).
    public static let internalError = RPCErrorCode(-32603)
    /// The protocol's own: a header does not say what the body says, or is missing (2026-07-28).
    public static let headerMismatch = RPCErrorCode(-32020)
    /// The gateway's: the server behind it is not there, or went away before it answered.
    public static let upstreamUnavailable = RPCErrorCode(-32010)
    /// The gateway's: too much waits for the server already.
    public static let overloaded = RPCErrorCode(-32011)
    /// The gateway's: the server did not answer in time.
    public static let upstreamTimeout = RPCErrorCode(-32012)
    /// The gateway's: nothing can be forwarded because nothing can be recorded.
    public static let auditUnavailable = RPCErrorCode(-32013)
}
