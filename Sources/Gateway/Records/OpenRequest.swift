import AuditLog
import Events
import MCP
import Policy

/// What is known of a request that was let through, until its end is recorded.
struct OpenRequest: Sendable {
    /// What was known when it was decided: by reference, because requests are handed on.
    private final class Facts: Sendable {
        let idToken: [UInt8]
        let era: ProtocolEra
        let method: MCPMethod?
        let methodName: String
        let tool: String?
        let caller: Caller
        let policy: CompiledPolicy?
        let cost: Int?
        let isCharged: Bool
        let argumentDigest: Digest64?
        let round: String?

        init(
            _ idToken: [UInt8], _ era: ProtocolEra, _ method: MCPMethod?, _ methodName: String, _ tool: String?,
            _ caller: Caller, _ policy: CompiledPolicy?, cost: Int?, isCharged: Bool, _ argumentDigest: Digest64?,
            round: String?
        ) {
            self.idToken = idToken
            self.era = era
            self.method = method
            self.methodName = methodName
            self.tool = tool
            self.caller = caller
            self.policy = policy
            self.cost = cost
            self.isCharged = isCharged
            self.argumentDigest = argumentDigest
            self.round = round
        }
    }

    private let facts: Facts
    /// The decision; nil where none could be recorded, and the request is one that passes all the same.
    let ticket: LogTicket?
    /// The decision's time.
    let decided: Timestamp
    /// The hold's seq, while it waits for a person.
    var hold: UInt64?
    /// When its last byte was written to the server; nil before.
    var forwarded: Timestamp?
    /// When the client said that it no longer waits; nil while it does.
    var cancelled: Timestamp?

    init(
        ticket: LogTicket?, decided: Timestamp, idToken: [UInt8], era: ProtocolEra, method: MCPMethod?,
        methodName: String, tool: String?, caller: Caller, policy: CompiledPolicy?, cost: Int?, isCharged: Bool,
        argumentDigest: Digest64? = nil, round: String? = nil
    ) {
        self.ticket = ticket
        self.decided = decided
        facts = Facts(
            idToken, era, method, methodName, tool, caller, policy, cost: cost, isCharged: isCharged, argumentDigest,
            round: round)
    }

    /// The id's token as the client sent it.
    var idToken: [UInt8] { facts.idToken }
    var era: ProtocolEra { facts.era }
    var method: MCPMethod? { facts.method }
    var methodName: String { facts.methodName }
    var tool: String? { facts.tool }
    var caller: Caller { facts.caller }
    /// The policy that decided.
    var policy: CompiledPolicy? { facts.policy }
    /// Whether limits were charged for it.
    var isCharged: Bool { facts.isCharged }
    /// The digest of its arguments.
    var argumentDigest: Digest64? { facts.argumentDigest }
    /// Which logical call it goes on with.
    var round: String? { facts.round }

    /// What limits took for it, `increment_from` included.
    var reservation: Reservation? {
        guard isCharged, let tool else { return nil }
        return Reservation(tool: tool, caller: caller, cost: facts.cost, at: decided)
    }
}
