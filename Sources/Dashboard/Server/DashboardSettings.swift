public import AuditLog
public import Events

/// What a dashboard shows, and where.
public struct DashboardSettings: Sendable {
    /// The host to listen on, an address without brackets or a name.
    public var host: String
    /// The port; 0 lets the system choose one.
    public var port: Int
    /// The SHA-256 of the token that its pages ask for; nil where only this machine can reach it.
    public var tokenDigest: [UInt8]?
    /// `Host` names that are accepted besides the loopback ones and the one listened on; lower case, no port.
    public var hosts: [String] = []
    /// The program's version.
    public var version: String
    /// Who acts, in records, where a page was used.
    public var user: String
    /// The warehouse's file, which need not be there yet.
    public var warehouse: String
    /// The watch's outbox, which need not be there yet.
    public var outbox: String
    /// The logs that exist by now.
    public var logs: @Sendable () -> [LogDirectory]
    /// The time.
    public var now: @Sendable () -> Timestamp
    /// When the process began: metrics count from then on.
    public var since: Timestamp
    /// Asks the gateway of this process how it is.
    ///
    /// Nil where there is none. May block for a moment.
    public var gateway: @Sendable () -> GatewayGauges? = { nil }
    /// Where calls wait for a person; nil where no gateway can be asked.
    public var approvals: (any ApprovalDesk)?
    /// The policies; nil where there are none to be looked at.
    public var policies: (any PolicyDesk)?
    /// Told what an operator should know, a line each.
    public var report: @Sendable (String) -> Void = { _ in }

    /// Makes settings.
    public init(
        host: String, port: Int, version: String, user: String, warehouse: String, outbox: String,
        logs: @escaping @Sendable () -> [LogDirectory], now: @escaping @Sendable () -> Timestamp
    ) {
        self.host = host
        self.port = port
        self.version = version
        self.user = user
        self.warehouse = warehouse
        self.outbox = outbox
        self.logs = logs
        self.now = now
        since = now()
    }

    /// Whether only this machine can reach it.
    var isLoopback: Bool { Self.isLoopback(host) }

    static func isLoopback(_ host: String) -> Bool {
        let name = host.lowercased()
        return name == "localhost" || name == "::1" || name == "[::1]"
            || (name.hasPrefix("127.") && name.allSatisfy { $0.isNumber || $0 == "." })
    }
}
