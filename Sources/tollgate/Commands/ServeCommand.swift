import Alerts
import ArgumentParser
import AuditLog
import Dashboard
import Foundation
import Gateway
import Logging
import Policy
import ServiceLifecycle
import UnixSignals

/// `tollgate serve`: the gateway over HTTP, with ingester and watch in the same process.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve many agents and MCP servers over Streamable HTTP: decide, record and forward every call.",
        discussion: """
            One process carries gateway, ingester, watch and, where "dashboard" says so, the web pages. It reloads its configuration when a file changes and on
            SIGHUP; SIGTERM ends it gracefully. Endpoints: http://<listen>/<server>/mcp, with
            Authorization: Bearer <a grant's token> (tollgate grant create).

            Example:
              tollgate serve --config serve.json --check
              tollgate serve --config serve.json
            """)

    @Option(help: ArgumentHelp("The configuration, JSON or YAML.", valueName: "file"))
    var config: String
    @Flag(help: "Read and check everything, say what would be served, and end.")
    var check = false
    @Option(help: "Run one part only: gateway, ingest, watch or dashboard.")
    var only: ServePart?

    func run() async throws {
        // Until the gateway takes it, and in parts that have nothing to reload, it must not end the process.
        signal(SIGHUP, SIG_IGN)
        let began = Console.now
        let path = Places.absolute(config)
        let settings = try ServeSettings.load(path, environment: ProcessInfo.processInfo.environment)
        // Whichever part runs here: a mistake is one, and is told before a port is open.
        let plan = try WatchPlan(settings.configuration)
        try plan.check(isFirst: true)
        guard !check else {
            Console.output(Self.summary(settings, plan))
            return
        }
        let parts = only.map { [$0] } ?? ServePart.allCases
        var services: [any Service] = []
        let gateway = parts.contains(.gateway) ? try GatewayService(settings, path: path) : nil
        if let gateway { services.append(gateway) }
        if parts.contains(.ingest) {
            services.append(try IngestService(settings.configuration))
            services.append(WeekService(warehouse: settings.configuration.warehouse))
        }
        if parts.contains(.watch) {
            services.append(WatchService(settings.configuration, plan, brakes: gateway?.brakes))
        }
        if parts.contains(.dashboard) {
            if let dashboard = try DashboardServer(
                settings.configuration, path: path, since: began, gateway: gateway?.gauges)
            {
                services.append(dashboard)
            } else if only == .dashboard {
                throw Failure("\(config) has no \"dashboard\"", hint: "\"dashboard\": \"127.0.0.1:8787\"")
            }
        }
        // What there is to say is said by the services themselves.
        let silent = Logger(label: "tollgate") { _ in SwiftLogNoOpLogHandler() }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: silent))
        try await group.run()
    }

    private static func summary(_ settings: ServeSettings, _ plan: WatchPlan) -> String {
        let configuration = settings.configuration
        var text = "listen     \(configuration.listen)\(configuration.tls == nil ? "" : " (TLS)")\n"
        text += "log        \(configuration.log), durability \(configuration.durability)\n"
        if !configuration.warehouseKeep.isEmpty {
            let ages = configuration.warehouseKeep.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)d" }
            text += "warehouse  \(configuration.warehouse), keeps \(ages.joined(separator: ", "))\n"
        }
        if let dashboard = configuration.dashboard {
            let access = dashboard.tokenSHA256 == nil ? "this machine only" : "with a token"
            text += "dashboard  http://\(dashboard.listen)/  (\(access))\n"
        }
        let failPolicy = configuration.auditFailure
        if failPolicy.hold != nil {
            let classes = [(failPolicy.boundsReads, "read"), (failPolicy.boundsWrites, "write")].filter(\.0).map(\.1)
            text += "unrecorded \(classes.joined(separator: ", ")): at most \(failPolicy.events) calls and "
            text += "\(failPolicy.duration); all others are denied\n"
        }
        for sink in plan.sinks { text += "sink       \(sink.name)\n" }
        for sink in plan.heartbeatSinks {
            text += "heartbeat  \(sink.name), every \(plan.heartbeatMicroseconds / 1_000_000) s\n"
        }
        for (name, server) in configuration.servers.sorted(by: { $0.key < $1.key }) {
            switch server.upstream {
            case .http(let upstream): text += "server     \(name)  \(upstream.url)\n"
            case .command(let upstream): text += "server     \(name)  \(upstream.command.first ?? "")  (stdio)\n"
            }
        }
        for (name, policy) in settings.policies.sorted(by: { $0.key < $1.key }) {
            text += "policy     \(name)  \(policy.digest)\n"
        }
        let open = settings.grants.grants.filter { $0.policy == nil }.count
        text += "grants     \(settings.grants.grants.count)"
        text += open > 0 ? ", \(open) of them without a policy: their calls are denied\n" : "\n"
        return text + "ok\n"
    }
}

/// A part of `serve`.
enum ServePart: String, CaseIterable, ExpressibleByArgument, Sendable {
    case gateway, ingest, watch, dashboard
}
