/// The names and bounds of the configuration; `schemas/config.v1.schema.json` states the same and a test holds them
/// together.
enum ConfigurationFields {
    static let document = [
        "listen", "log", "durability", "warehouse", "name", "audit_failure", "flood", "retention", "tls", "hosts",
        "origins", "trusted_proxies", "allow_remote", "limits", "timeouts", "watch", "servers", "policies", "grants",
        "grants_file", "dashboard",
    ]
    static let auditFailure = ["read", "write", "events", "duration"]
    static let flood = ["denials_per_second", "burst"]
    static let retention = ["days", "bytes", "keep_days"]
    static let warehouse = ["file", "keep"]
    static let warehouseKeep = ["calls", "requests", "events", "alerts", "rejects", "hours", "days"]
    static let tls = ["certificate", "key"]
    static let limits = [
        "message_bytes", "depth", "head_bytes", "answer_bytes", "connections", "sessions", "sessions_per_grant",
        "streams",
    ]
    static let timeouts = [
        "head", "body", "idle", "connect", "answer", "queue", "commit", "approval", "shutdown", "child_idle",
    ]
    static let watch = [
        "sinks", "log", "rules", "group_wait", "group_interval", "repeat_interval", "expect_records", "expect_ingest",
        "heartbeat",
    ]
    static let dashboard = ["listen", "token_sha256", "hosts"]
    static let heartbeat = ["every", "sinks"]
    static let webhookSink = ["webhook", "hmac", "ca"]
    static let alertmanagerSink = ["alertmanager", "ca"]
    static let commandSink = ["command"]
    static let serverShared = ["concurrency", "queue", "timeout"]
    static let httpServer = ["url", "headers", "ca"]
    static let commandServer = ["command", "env", "cwd"]
    static let grant = ["id", "agent", "server", "servers", "policy", "token_sha256", "expires", "note"]
    static let grantsFile = ["v", "grants", "revoked"]
    static let revoked = ["id", "token_sha256", "at"]

    /// The configuration's largest size; a fleet's grants belong into `grants_file`.
    static let maximumDocumentBytes = 16 << 20
    static let maximumDepth = 16
    static let maximumNameBytes = 64
    static let maximumTextBytes = 256
    static let maximumPathBytes = 4096
    static let maximumValueBytes = 16_384
    /// The most entries of a list of hosts, origins, proxies, sinks, headers, variables or words of a command.
    static let maximumEntries = 256
    /// The least bytes of what a webhook's messages are signed with.
    static let signingBytes = 16
    /// 366 days.
    static let maximumSeconds = 31_622_400
    /// Bytes or counts that a limit may name: the most that StrictJSON can address.
    static let maximumLimit = 268_435_456
    static let messageBytes = 1024...maximumLimit
    static let depth = 4...512
    static let headBytes = 1024...1_048_576
    static let counts = 1...10_000_000
    /// A hundred years.
    static let days = 1...36_600
    static let keepDays = 0...36_600
    /// From a segment's size on.
    static let retainedBytes = 100_000_000...1_000_000_000_000_000
    static let floodRange = 0...10_000_000

    /// Headers that belong to the connection (RFC 9110 §7.6.1) or that the gateway sets itself.
    static let refusedHeaders = [
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
        "transfer-encoding", "upgrade", "host", "content-length", "content-type", "accept", "last-event-id",
    ]
    static let refusedHeaderPrefix = "mcp-"

    /// Whether a text names a server, a policy or a grant: `[A-Za-z0-9._-]{1,64}`.
    static func isName(_ text: String) -> Bool {
        (1...maximumNameBytes).contains(text.utf8.count) && text != "." && text != ".."
            && text.utf8.allSatisfy { $0.isASCIIAlphanumeric || $0 == 0x2E || $0 == 0x5F || $0 == 0x2D }
    }

    /// Whether a text is a header's name: a token of RFC 9110 §5.6.2.
    static func isToken(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0.isASCIIAlphanumeric || "!#$%&'*+-.^_`|~".utf8.contains($0) }
    }
}
