import AuditLog
import Dashboard
import Gateway

extension DashboardServer {
    /// The web pages of a `serve`; nil where its configuration has none.
    ///
    /// - Parameter path: the configuration's file, absolute.
    /// - Throws: `DashboardError`.
    init?(_ configuration: ServeConfiguration, path: String) throws {
        guard let dashboard = configuration.dashboard else { return nil }
        var settings = DashboardSettings(
            host: dashboard.listen.host, port: dashboard.listen.port, version: Version.text, user: Places.user,
            warehouse: configuration.warehouse,
            outbox: Places.outbox(of: LogDirectory(path: configuration.watch.log)),
            logs: { configuration.logs }, now: { Console.now })
        settings.tokenDigest = dashboard.tokenSHA256
        settings.hosts = dashboard.hosts
        settings.approvals = RunningGateways { [configuration.log] }
        settings.policies = ServedPolicies(configuration: path, log: configuration.log)
        settings.report = { Console.error("tollgate: \($0)\n") }
        try self.init(settings)
    }
}
