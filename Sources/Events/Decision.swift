/// What the gateway decided about one request; field for field the table in `schemas/decision-event.v1.schema.json`.
///
/// Fields that do not apply are nil and are absent on disk.
public struct Decision: Sendable, Equatable {
    /// This gateway's name.
    public var gateway: String
    /// Who called, from the credential.
    public var agent: String?
    /// The credential's id, never its secret.
    public var grant: String?
    /// How the caller was identified.
    public var identity: Identity
    /// For whom the agent acts (reserved).
    public var onBehalfOf: String?
    /// The caller's address, over HTTP.
    public var peer: String?
    /// The protocol session.
    public var session: String?
    /// The client's own `name/version`: a label, never trusted.
    public var client: String?
    /// The upstream's configured name.
    public var server: String
    /// The transport the request came by.
    public var transport: Transport
    /// The MCP revision of the request.
    public var protocolRevision: String?
    /// The JSON-RPC method, `-` when it could not be read.
    public var method: String
    /// The JSON-RPC id's own token, so that `1` and `"1"` differ.
    public var rpcID: String?
    /// The W3C trace id, 32 hexadecimal digits.
    public var trace: String?
    /// The tool, for `tools/call`.
    public var tool: String?
    /// Digest of the tool's definition as last listed.
    public var toolDigest: Digest64?
    /// True where the server never listed the tool.
    public var unlisted = false
    /// The tool's class of harm.
    public var risk: Risk?
    /// Top-level argument keys, sorted.
    public var argumentKeys: [String]?
    /// How many more keys there were.
    public var argumentKeysOther: Int?
    /// Keyed digest of the canonical arguments.
    public var argumentDigest: Digest64?
    /// Bytes of the arguments as sent.
    public var argumentBytes: Int?
    /// `path=value`, only what the policy's owner named under `record`.
    public var recordedArguments: [String]?
    /// What was decided.
    public var verdict: Verdict
    /// The hold that this decision ends, by `seq`.
    public var of: UInt64?
    /// Whether it was carried out.
    public var mode: Mode
    /// Why.
    public var reason: Reason
    /// The rule's id.
    public var rule: String?
    /// The rule's constant text.
    public var message: String?
    /// The policy's name.
    public var policy: String?
    /// Digest of the policy's normal form.
    public var policyDigest: Digest64?
    /// The limit nearest to its maximum.
    public var limit: LimitReading?
    /// Milliseconds after which the call may be tried again.
    public var retryAfterMilliseconds: Int?
    /// What a limit with `increment_from` reserved.
    public var cost: Int?
    /// One character per argument condition: `1`, `0`, `!`, `-`.
    public var facts: String?
    /// Links the rounds of one logical call.
    public var round: String?
    /// On coalesced refusals: how many alike.
    public var coalesced: Int?
    /// Microseconds spent deciding.
    public var decideMicroseconds: Int?

    /// Makes a decision from the fields every decision has.
    public init(
        gateway: String, identity: Identity, server: String, transport: Transport, method: String,
        verdict: Verdict, mode: Mode, reason: Reason
    ) {
        self.gateway = gateway
        self.identity = identity
        self.server = server
        self.transport = transport
        self.method = method
        self.verdict = verdict
        self.mode = mode
        self.reason = reason
    }
}

/// A limit's counter as it stood when a decision was made.
public struct LimitReading: Sendable, Equatable {
    /// The counter's name.
    public var counter: String
    /// The window, in seconds.
    public var windowSeconds: Int
    /// The most the window may hold.
    public var maximum: Int
    /// What the window holds, this call's own share included where it was admitted.
    public var used: Int

    /// Makes a reading.
    public init(counter: String, windowSeconds: Int, maximum: Int, used: Int) {
        self.counter = counter
        self.windowSeconds = windowSeconds
        self.maximum = maximum
        self.used = used
    }
}
