public import Events

/// One call, by name.
public struct CallRow: Sendable, Equatable {
    /// The log's number in the database.
    public var logID: Int
    /// The first decision's seq.
    public var seq: UInt64
    /// When it was decided first.
    public var timestamp: Timestamp
    /// The agent, nil for callers that were not resolved.
    public var agent: String?
    /// The grant.
    public var grant: String?
    /// The tool.
    public var name: ToolName
    /// The client's label.
    public var client: String?
    /// The protocol session.
    public var session: String?
    /// What was decided.
    public var verdict: Verdict
    /// Whether it was carried out.
    public var mode: Mode
    /// Why.
    public var reason: Reason
    /// The rule's id.
    public var rule: String?
    /// Whether it did not go on.
    public var stopped: Bool
    /// The arguments' keyed digest.
    public var argumentDigest: Digest64?
    /// The result's keyed digest.
    public var resultDigest: Digest64?
    /// Bytes of the arguments.
    public var argumentBytes: Int?
    /// Bytes of the result.
    public var resultBytes: Int?
    /// The limit nearest to its maximum.
    public var limit: LimitReading?
    /// Milliseconds after which it might have been tried again.
    public var retryAfterMilliseconds: Int?
    /// How it ended.
    public var outcome: Ending?
    /// The JSON-RPC code or HTTP status.
    public var code: Int?
    /// Microseconds spent deciding.
    public var decideMicroseconds: Int?
    /// Microseconds held or queued.
    public var waitMicroseconds: Int?
    /// Microseconds the upstream took.
    public var upstreamMicroseconds: Int?
}
