import ArgumentParser
import AuditLog
import Dashboard
import Foundation
import Gateway
import Ingest
import Logging
import ServiceLifecycle
import UnixSignals
import Warehouse

/// `tollgate dashboard`: the web pages over the logs of the home.
struct DashboardCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dashboard",
        abstract: "Show the fleet in a browser: live decisions, agents, tools, denials, alerts, logs.",
        discussion: """
            For the gateways of this machine that `run` and `wrap` start; `serve` has pages of its own ("dashboard" in its
            configuration). Loads what is new into the warehouse meanwhile. Only this machine can reach it.

            Example:
              tollgate dashboard
              tollgate dashboard --listen 127.0.0.1:9000 --log ./logs/ecs
            """)

    @OptionGroup var selection: LogSelection
    @OptionGroup var warehouse: WarehouseSelection
    @Option(help: ArgumentHelp("Where browsers connect; port 0 lets the system choose.", valueName: "address"))
    var listen = "127.0.0.1:8787"
    @Flag(help: "Do not load what is new in the logs.")
    var noIngest = false

    func run() async throws {
        guard let address = ListenAddress(listen), address.isLoopback else {
            throw Failure(
                "'\(listen)' is no address that only this machine can reach",
                hint: "--listen 127.0.0.1:8787, or \"dashboard\" with a token in the configuration of serve")
        }
        let paths = selection.paths.map { LogDirectory(path: Places.absolute($0)) }
        let logs: @Sendable () -> [LogDirectory] = { paths.isEmpty ? Places.home.logs() : paths }
        for log in paths { _ = try LogIdentity.read(log) }
        var settings = DashboardSettings(
            host: address.host, port: address.port, version: Version.text, user: Places.user,
            warehouse: warehouse.file, outbox: Places.outbox(of: Places.home.log(named: "watch")), logs: logs,
            now: { Console.now })
        settings.approvals = RunningGateways { logs().map(\.path) }
        settings.policies = KeptPolicyDesk(logs: logs, warehouse: warehouse.file)
        settings.report = { Console.error("tollgate: \($0)\n") }
        var services: [any Service] = [try DashboardServer(settings)]
        if !noIngest { services.append(IngestService(warehouse: warehouse.file, logs: logs)) }
        let silent = Logger(label: "tollgate") { _ in SwiftLogNoOpLogHandler() }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: silent))
        try await group.run()
    }
}
