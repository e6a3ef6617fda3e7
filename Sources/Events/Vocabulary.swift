// The closed vocabularies of the record. The raw values are the bytes on disk; `schemas/decision-event.v1.schema.json`
// lists the same values and a test holds the two together.

/// What a record is about.
public enum RecordKind: String, Sendable, CaseIterable {
    /// What the gateway decided about one request.
    case decision
    /// How a forwarded request ended.
    case outcome
    /// Something about the log, the policy or the fleet itself.
    case control
}

/// How the caller was identified.
public enum Identity: String, Sendable, CaseIterable {
    /// By a grant's token.
    case grant
    /// By `--agent`, or by the operating system's user, on the command line.
    case flag
    /// By a signed token (reserved).
    case jwt
    /// Not at all.
    case unresolved
}

/// The transport between the agent and the gateway.
public enum Transport: String, Sendable, CaseIterable {
    /// Lines over standard input and output.
    case stdio
    /// Streamable HTTP.
    case http
}

/// The class of harm that a tool can do.
public enum Risk: String, Sendable, CaseIterable {
    /// Reads only.
    case read
    /// Changes data.
    case write
    /// Runs, builds or deploys something.
    case execute
    /// Destroys something.
    case destructive
    /// Moves money.
    case financial
    /// Not known; treated as `execute`.
    case unknown
}

/// What was decided about a request.
public enum Verdict: String, Sendable, CaseIterable {
    /// Forwarded.
    case allow
    /// Refused by a rule.
    case deny
    /// Refused by a limit; it may be tried again later.
    case throttle
    /// Held for a person.
    case hold
}

/// Whether a decision was carried out.
public enum Mode: String, Sendable, CaseIterable {
    /// Carried out.
    case enforce
    /// Only recorded: the request passed whatever was decided.
    case shadow
}

/// Why a decision is as it is.
public enum Reason: String, Sendable, CaseIterable {
    /// No rule objected.
    case allowed
    /// There is no policy.
    case noPolicy = "no_policy"
    /// The policy hides the tool.
    case hidden
    /// The policy does not list the tool and denies by default.
    case defaultDeny = "default_deny"
    /// A required condition did not hold.
    case require
    /// A denying rule's conditions held.
    case denyIf = "deny_if"
    /// An argument's type could not be compared by a rule.
    case typeMismatch = "type_mismatch"
    /// A limit was reached.
    case limit
    /// Waits for a person.
    case approval
    /// A person approved.
    case approved
    /// A person refused.
    case approvalDenied = "approval_denied"
    /// Nobody decided in time.
    case approvalExpired = "approval_expired"
    /// The caller is not known.
    case identityUnresolved = "identity_unresolved"
    /// The caller's grant was revoked.
    case grantRevoked = "grant_revoked"
    /// A credential stood in the URL.
    case credentialInQuery = "credential_in_query"
    /// No such server is configured.
    case unknownServer = "unknown_server"
    /// The protocol session is unknown or belongs to another grant.
    case session
    /// The protocol's rules were broken.
    case `protocol`
    /// The Origin header is not allowed.
    case origin
    /// The Host header is not allowed.
    case host
    /// A header contradicts the body.
    case headerMismatch = "header_mismatch"
    /// The message is not strict JSON-RPC.
    case malformed
    /// The message is a JSON-RPC batch.
    case batch
    /// The message is too large.
    case tooLarge = "too_large"
    /// A queue is full.
    case overloaded
    /// The decision could not be made durable.
    case auditUnavailable = "audit_unavailable"
    /// A firing page's brake is on.
    case brake
    /// A fault of the gateway.
    case `internal`
}

/// How a forwarded request ended.
public enum Ending: String, Sendable, CaseIterable {
    /// A result.
    case ok
    /// A tool result with `isError: true`.
    case toolError = "tool_error"
    /// A JSON-RPC error.
    case rpcError = "rpc_error"
    /// An HTTP error.
    case httpError = "http_error"
    /// No answer in time.
    case timeout
    /// The caller cancelled (requested; the server may have gone on).
    case cancelled
    /// The caller left.
    case disconnected
    /// The upstream could not be reached or stopped.
    case upstreamDown = "upstream_down"
    /// A queue was full.
    case overloaded
    /// Never written to the upstream: its commit came too late.
    case notForwarded = "not_forwarded"
    /// No outcome was found at recovery.
    case unanswered
}

/// What became of a limit's reservation.
public enum ReservationState: String, Sendable, CaseIterable {
    /// It counts.
    case committed
    /// It was given back.
    case rolledBack = "rolled_back"
}

/// What a control record tells.
public enum ControlEvent: String, Sendable, CaseIterable {
    case logOpen = "log_open"
    case logRecovered = "log_recovered"
    case gap
    case clockStep = "clock_step"
    case keyRotated = "key_rotated"
    case policyLoaded = "policy_loaded"
    case policyRejected = "policy_rejected"
    case grantCreated = "grant_created"
    case grantRevoked = "grant_revoked"
    case toolsFiltered = "tools_filtered"
    case toolChanged = "tool_changed"
    case refused
    case approvalDecided = "approval_decided"
    case alert
    case brake
    case brakeLifted = "brake_lifted"
    case seal
    case retention
    case `import`
    case reader
    case heartbeat
}
