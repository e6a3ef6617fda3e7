import AuditLog
import Dashboard
import Events
import Gateway

extension DashboardServer {
    /// The web pages of a `serve`; nil where its configuration has none.
    ///
    /// - Parameters:
    ///   - path: the configuration's file, absolute.
    ///   - since: when the process began.
    ///   - gateway: asks its gateway how it is; nil where it has none.
    /// - Throws: `DashboardError`.
    init?(
        _ configuration: ServeConfiguration, path: String, since: Timestamp,
        gateway: (@Sendable () -> GatewayGauges?)?
    ) throws {
        guard let dashboard = configuration.dashboard else { return nil }
        var settings = DashboardSettings(
            host: dashboard.listen.host, port: dashboard.listen.port, version: Version.text, user: Places.user,
            warehouse: configuration.warehouse,
            outbox: Places.outbox(of: LogDirectory(path: configuration.watch.log)),
            logs: { configuration.logs }, now: { Console.now })
        settings.tokenDigest = dashboard.tokenSHA256
        settings.hosts = dashboard.hosts
        settings.since = since
        if let gateway { settings.gateway = gateway }
        settings.approvals = RunningGateways { [configuration.log] }
        settings.policies = ServedPolicies(configuration: path, log: configuration.log)
        settings.report = { Console.error("tollgate: \($0)\n") }
        try self.init(settings)
    }
}

extension GatewayGauges {
    /// What a gateway and its log say of themselves; nil when it has ended.
    init?(_ gateway: HTTPGateway, _ log: LogWriter) {
        guard let status = try? gateway.status() else { return nil }
        self.init()
        connections = status.connections
        sessions = status.sessions
        streams = status.streams
        requests = status.requests
        heldCalls = status.heldCalls
        brakes = gateway.brakes.count
        reloads = status.reloads
        droppedLines = status.unreadableLines
        self.log = log.statistics
        space = try? PosixFileSystem().space(at: log.log.path)
    }
}
