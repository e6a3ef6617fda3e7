import AuditLog
import Dashboard
import Foundation
import Gateway
import Ingest
import ServiceLifecycle
import UnixSignals
import Warehouse

/// The gateway's part of `serve`: log, data plane, control socket, reloading.
struct GatewayService: Service {
    private let settings: ServeSettings
    private let log: LogWriter
    private let gateway: HTTPGateway
    private let path: String

    /// The gateway's log, and who puts brakes on there.
    var brakes: (log: String, desk: BrakeDesk) { (log.log.path, gateway.brakes) }

    /// How it is, for `/metrics`; nil when it has ended.
    var gauges: @Sendable () -> GatewayGauges? {
        let (gateway, log) = (gateway, log)
        return { GatewayGauges(gateway, log) }
    }

    /// Opens the log and takes over what it remembers.
    init(_ settings: ServeSettings, path: String) throws {
        self.settings = settings
        self.path = path
        let configuration = settings.configuration
        let name = configuration.name ?? Places.hostName
        let clock = SystemLogClock()
        var options = LogOptions()
        options.durability = configuration.durability
        options.version = Version.text
        options.stateFolder = Places.state
        options.openFields = [("gateway", name)]
        options.retention = configuration.retention
        let failPolicy = configuration.auditFailure
        options.hold = failPolicy.hold
        options.reserveBytes = 64 << 20
        options.report = { Console.error("tollgate: " + $0.message(failPolicy, hint: "tollgate doctor")) }
        log = try LogWriter.open(LogDirectory(path: configuration.log), options: options, clock: clock)
        if let damaged = log.recovery.damaged {
            Console.error(
                "tollgate: records \(damaged.lowerBound) to \(max(damaged.upperBound, 1) - 1) of \(log.log.path) cannot be "
                    + "read any more; the log goes on behind them\nhint: tollgate log verify --log \(log.log.path)\n")
        }
        do {
            gateway = try HTTPGateway(settings, log: log, clock: clock, name: name, stateFolder: Places.state)
        } catch {
            try? log.close()
            throw error
        }
    }

    /// Each connection takes a descriptor, and most a second one towards the server.
    private static func raiseDescriptorLimit() {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard getrlimit(resource, &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(resource, &limit)
    }

    func run() async throws {
        Self.raiseDescriptorLimit()
        let stop = StopFlag()
        let desk = GatewayOperator(
            gateway: gateway, settings: settings, path: path, environment: ProcessInfo.processInfo.environment,
            log: log, clock: SystemLogClock(), report: { Console.error("tollgate: \($0)\n") },
            requestStop: { kill(getpid(), SIGTERM) })
        let control = try ControlServer(
            log: log.log.path, runtimeFolder: ProcessInfo.processInfo.environment["XDG_RUNTIME_DIR"]
        ) { desk.handle($0) }
        defer {
            control.close()
            do {
                try log.close()
            } catch {
                Console.error("tollgate: \(error)\n")
            }
        }
        let address: ListenAddress
        do {
            address = try await gateway.start(settings.configuration)
        } catch {
            await gateway.shutDown(patience: .zero)
            throw error
        }
        let scheme = settings.configuration.tls == nil ? "http" : "https"
        Console.error("tollgate: listening on \(scheme)://\(address)\n")
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await Blocking.run("reloader") { reload(desk, until: stop) } }
                tasks.addTask { await GatewayService.reloadOnHangup(desk) }
                try await tasks.next()
                tasks.cancelAll()
            }
        } onCancelOrGracefulShutdown: {
            stop.set()
        }
        await gateway.shutDown(patience: settings.configuration.timeouts.shutdown)
    }

    private func reload(_ desk: GatewayOperator, until stop: StopFlag) {
        var ticks = 0
        while !stop.isSet {
            usleep(100_000)
            ticks += 1
            if ticks % 5 == 0 { desk.reloadIfChanged() }
            if ticks % 5 == 0 { gateway.brakes.endCooledDown() }
        }
    }

    private static func reloadOnHangup(_ desk: GatewayOperator) async {
        for await _ in await UnixSignalsSequence(trapping: .sighup) {
            try? await Blocking.run("reload") { _ = desk.reload() }
        }
    }
}

/// An ingester that follows logs, as a part of a process.
struct IngestService: Service {
    private let warehouse: String
    private let logs: @Sendable () -> [LogDirectory]
    private let options: IngestOptions

    /// Follows all logs that are there.
    init(warehouse: String, logs: @escaping @Sendable () -> [LogDirectory]) {
        self.warehouse = warehouse
        self.logs = logs
        options = IngestOptions()
    }

    /// The ingester's part of `serve`.
    init(_ configuration: ServeConfiguration) throws {
        warehouse = configuration.warehouse
        logs = { configuration.logs }
        var options = IngestOptions()
        if !configuration.warehouseKeep.isEmpty {
            switch KeepRule.make(configuration.warehouseKeep) {
            case .success(let rule): options.keep = rule
            case .failure(let mistakes):
                throw Failure(mistakes.texts.joined(separator: "; "), hint: "tollgate serve --help")
            }
        }
        self.options = options
    }

    func run() async throws {
        let (warehouse, logs) = (warehouse, logs)
        let stop = StopFlag()
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await Blocking.run("ingest") {
                try PosixFileSystem().makeDirectory((warehouse as NSString).deletingLastPathComponent)
                let store = try WarehouseStore(creating: warehouse)
                let ingester = try Ingester(store, options: options)
                try ingester.follow(logs, until: stop) { notice in
                    switch notice {
                    case .trouble(let error): Console.error("tollgate: ingest: \(error); trying again\n")
                    case .recovered: Console.error("tollgate: ingest: going on\n")
                    case .kept(let summary): Console.error("tollgate: ingest: \(summary.line)\n")
                    case .loaded, .found: break
                    }
                }
            }
        } onCancelOrGracefulShutdown: {
            stop.set()
        }
    }
}

/// The detectors' part of `serve`.
struct WatchService: Service {
    let configuration: ServeConfiguration
    let plan: WatchPlan
    /// The gateway of this process, where it has one.
    let brakes: (log: String, desk: BrakeDesk)?

    init(_ configuration: ServeConfiguration, _ plan: WatchPlan, brakes: (log: String, desk: BrakeDesk)?) {
        self.configuration = configuration
        self.plan = plan
        self.brakes = brakes
    }

    func run() async throws {
        let configuration = configuration
        let plan = plan
        let brakes = brakes
        let stop = StopFlag()
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await Blocking.run("watch") {
                let watch = AlertWatch(
                    plan: plan, ownLog: LogDirectory(path: configuration.watch.log),
                    logs: { configuration.logs }, once: false, brakes: BrakeRelay(own: brakes) { configuration.logs })
                try watch.run(until: stop)
            }
        } onCancelOrGracefulShutdown: {
            stop.set()
        }
    }
}

extension ServeConfiguration {
    /// The logs that exist by now: the gateway's and the watch's.
    var logs: [LogDirectory] {
        [log, watch.log].map { LogDirectory(path: $0) }.filter { (try? LogIdentity.read($0)) != nil }
    }
}

/// Runs what blocks on a thread of its own.
enum Blocking {
    static func run(_ name: String, _ body: @escaping @Sendable () throws -> Void) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            let thread = Thread {
                continuation.resume(with: Result { try body() })
            }
            thread.name = name
            thread.start()
        }
    }
}
