import AuditLog
import Events
import MCP
import Policy

/// What is known of a request that was let through, until its end is recorded.
struct OpenRequest: Sendable {
    /// The decision; nil where none could be recorded, and the request is one that passes all the same.
    var ticket: LogTicket?
    /// The decision's time.
    var decided: Timestamp
    /// The id's token as the client sent it.
    let idToken: [UInt8]
    let era: ProtocolEra
    let method: MCPMethod?
    let methodName: String
    let tool: String?
    let caller: Caller
    /// The policy that decided.
    let policy: PolicyInForce?
    /// What a limit with `increment_from` took.
    let cost: Int?
    /// Whether limits were charged for it.
    let isCharged: Bool
    /// The digest of its arguments.
    var argumentDigest: Digest64?
    /// Which logical call it goes on with.
    var round: String?
    /// When its last byte was written to the server; nil before.
    var forwarded: Timestamp?
    /// When the client said that it no longer waits; nil while it does.
    var cancelled: Timestamp?

    /// What limits took for it.
    var reservation: Reservation? {
        guard isCharged, let tool else { return nil }
        return Reservation(tool: tool, caller: caller, cost: cost, at: decided)
    }
}
