public import AuditLog

/// What the configuration of `tollgate serve` says; `schemas/config.v1.schema.json` states the same, and a test holds
/// the two together.
///
/// Paths are absolute (relative ones were read relative to the file), and secrets stand at their places already.
///
/// ```json
/// { "servers": { "ecs": { "url": "http://127.0.0.1:9101/mcp" } },
///   "policies": { "builders": "policies/builders.json" },
///   "grants": [ { "id": "ci", "agent": "ci", "server": "ecs", "policy": "builders", "token_sha256": "…" } ] }
/// ```
public struct ServeConfiguration: Sendable, Equatable {
    /// Where clients connect (`127.0.0.1:8700`).
    public var listen = ListenAddress(host: "127.0.0.1", port: 8700)
    /// The log's folder (`log`).
    public var log: String
    /// When a record counts as durable (`strict`).
    public var durability = Durability.strict
    /// The warehouse's file (`warehouse.sqlite`).
    public var warehouse: String
    /// After how many days the warehouse forgets what, by name (`calls`, …); what is not named it keeps for ever.
    public var warehouseKeep: [String: Int] = [:]
    /// The gateway's name in records; nil for the host's.
    public var name: String?
    /// What becomes of calls that cannot be recorded (every class is denied).
    public var auditFailure = FailPolicy()
    /// How fast one caller's refusals are answered.
    public var flood = Flood()
    /// How long records are kept; nil for ever.
    public var retention: Retention?
    /// Certificate and key, where clients connect over TLS.
    public var tls: TLSFiles?
    /// `Host` names that are accepted besides the loopback ones and the address listened on; lower case, no port.
    public var hosts: [String] = []
    /// `Origin` values that are accepted; loopback ones are besides, while listening on loopback.
    public var origins: [String] = []
    /// Addresses whose `X-Forwarded-For` is believed, in canonical spelling.
    public var trustedProxies: [String] = []
    /// Whether listening beyond this machine without TLS is meant.
    public var allowsRemote = false
    /// The most of everything.
    public var limits = Limits()
    /// The longest of everything.
    public var timeouts = TimeOuts()
    /// What is watched for, and who is told when.
    public var watch: Watch
    /// The web pages; nil for none.
    public var dashboard: Dashboard?
    /// The servers by the name in their endpoint's path.
    public var servers: [String: Server] = [:]
    /// The policies' files by name.
    public var policies: [String: String] = [:]
    /// The grants that stand in the configuration itself.
    public var grants: [Grant] = []
    /// The file of grants that `tollgate grant` writes.
    public var grantsFile: String?

    /// Makes the configuration of an empty document in a folder.
    public init(folder: String) {
        log = ConfigurationPath.absolute("log", in: folder)
        warehouse = ConfigurationPath.absolute("warehouse.sqlite", in: folder)
        watch = Watch(log: ConfigurationPath.absolute("watch", in: folder))
    }
}

extension ServeConfiguration {
    /// How fast one caller's refusals are answered before answers are delayed.
    public struct Flood: Sendable, Equatable {
        /// Refusals a second that are answered without delay (200); 0 answers all at once.
        public var denialsPerSecond = 200
        /// Refusals that may come at once (1000).
        public var burst = 1000
    }

    /// The web pages: where they are, and who may see them.
    public struct Dashboard: Sendable, Equatable {
        /// Where browsers connect.
        public var listen: ListenAddress
        /// The SHA-256 of the token that they ask for; nil where only this machine can reach them.
        public var tokenSHA256: [UInt8]?
        /// `Host` names that are accepted besides the loopback ones and the address listened on; lower case, no port.
        public var hosts: [String] = []
    }

    /// PEM files of the listener.
    public struct TLSFiles: Sendable, Equatable {
        /// The certificate chain.
        public var certificate: String
        /// The private key, which nobody but its owner can read.
        public var key: String
    }

    /// The most of everything.
    public struct Limits: Sendable, Equatable {
        /// Bytes of one message (4 MiB).
        public var messageBytes = 4_194_304
        /// Containers of a message that may be open at once (64).
        public var depth = 64
        /// Bytes of a request's line and headers (32 KiB).
        public var headBytes = 32_768
        /// Bytes of an answer that must be read whole, such as a list of tools (16 MiB).
        public var answerBytes = 16_777_216
        /// Connections at once (20,000).
        public var connections = 20_000
        /// Sessions at once (20,000).
        public var sessions = 20_000
        /// Sessions of one grant at once (2,000).
        public var sessionsPerGrant = 2000
        /// Streams open towards clients at once (20,000).
        public var streams = 20_000
    }

    /// The longest of everything.
    public struct TimeOuts: Sendable, Equatable {
        /// Until a request's head is complete (10 s).
        public var head = Duration.seconds(10)
        /// Until a request's body is complete (30 s).
        public var body = Duration.seconds(30)
        /// An unused connection (5 min).
        public var idle = Duration.seconds(300)
        /// Connecting to a server (5 s).
        public var connect = Duration.seconds(5)
        /// Until a server has answered (10 min).
        public var answer = Duration.seconds(600)
        /// Waiting for a server's turn (30 s).
        public var queue = Duration.seconds(30)
        /// Waiting for a decision's record to be durable (2 s).
        public var commit = Duration.seconds(2)
        /// Holding a request open that waits for a person, before its caller has to call again (50 s: clients give up at 60).
        public var approval = Duration.seconds(50)
        /// Finishing what is under way when asked to end (10 s).
        public var shutdown = Duration.seconds(10)
        /// A child process without a call (10 min).
        public var childIdle = Duration.seconds(600)
    }
}
