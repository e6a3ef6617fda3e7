/// Every key that a record of schema version 1 may have, in the order in which the encoder writes them.
///
/// The decoder looks keys up from the last match on, so that a line in the writer's order costs one comparison a key.
public enum RecordField: String, Sendable, CaseIterable {
    // Every record.
    case v, seq, ts, kind
    // Decisions.
    case gateway, agent, grant, identity
    case onBehalfOf = "on_behalf_of"
    case peer, session, client, server, transport
    case protocolRevision = "protocol"
    case method
    case rpcID = "rpc_id"
    case trace, tool
    case toolDigest = "tool_digest"
    case unlisted, risk
    case argumentKeys = "arg_keys"
    case argumentKeysOther = "arg_keys_other"
    case argumentDigest = "arg_digest"
    case argumentBytes = "arg_bytes"
    case arguments = "args"
    case decision, of, mode, reason, rule, message, policy
    case policyDigest = "policy_digest"
    case limitCounter = "limit_counter"
    case limitWindow = "limit_window_s"
    case limitMaximum = "limit_max"
    case limitUsed = "limit_used"
    case retryAfter = "retry_after_ms"
    case cost, facts, round, n
    case decideMicroseconds = "decide_us"
    // Outcomes.
    case outcome, code, reservation
    case waitMicroseconds = "wait_us"
    case upstreamMicroseconds = "upstream_us"
    case gatewayMicroseconds = "gateway_us"
    case resultBytes = "result_bytes"
    case resultDigest = "result_digest"
    // Controls; their other keys are `Control.Key`.
    case event

    /// The keys of a decision, in order.
    public static let decisionFields: [RecordField] = Array(allCases[0...index(.decideMicroseconds)])

    /// The keys of an outcome, in order.
    public static let outcomeFields: [RecordField] =
        [.v, .seq, .ts, .kind, .of, .agent, .server, .tool, .method]
        + allCases[index(.outcome)...index(.resultDigest)]

    private static func index(_ field: RecordField) -> Int {
        allCases.firstIndex(of: field) ?? 0
    }
}

/// Keys of all kinds of record, numbered: the record's own first, then those that only controls have.
enum KeyTable {
    static let names: [[UInt8]] =
        RecordField.allCases.map { Array($0.rawValue.utf8) }
        + Control.Key.allCases.filter { RecordField(rawValue: $0.rawValue) == nil }.map { Array($0.rawValue.utf8) }

    /// The number of each control key, in the order of `Control.Key`.
    static let controlKeys: [(key: Control.Key, number: Int)] = Control.Key.allCases.map { key in
        (key, names.firstIndex(of: Array(key.rawValue.utf8)) ?? 0)
    }

    static let fieldNumbers: [RecordField: Int] = Dictionary(
        uniqueKeysWithValues: RecordField.allCases.enumerated().map { ($1, $0) })
}
