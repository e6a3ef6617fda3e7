public import AuditLog
import Events
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Policy

/// A gateway over Streamable HTTP for any number of servers: `tollgate serve`.
///
/// One event loop carries all connections; the log's committer has a thread of its own, and tells the loop of commits.
/// A call goes on to its server when its record is durable, not earlier.
public final class HTTPGateway: Sendable {
    private let core: GatewayCore
    private let group: MultiThreadedEventLoopGroup
    private let listener = Monitor<(any Channel)?>(nil)
    private let sweeper = Monitor<RepeatedTask?>(nil)

    /// Takes over the log: restores the limits' counters, marks what was never answered, keeps the policies.
    ///
    /// - Parameters:
    ///   - name: the gateway's name in records, unless the configuration gives one.
    ///   - stateFolder: the folder of keys, outside of every log.
    /// - Throws: `GatewayError`, `LogError`.
    public init(_ settings: ServeSettings, log: LogWriter, clock: any LogClock, name: String, stateFolder: String)
        throws
    {
        let key = try DigestKey.load(stateFolder: stateFolder, origin: log.identity.origin)
        let decider = Decider()
        let policies = settings.policies
        let history = try LogHistory(
            log.log, recovery: log.recovery, now: clock.now(),
            longestWindow: policies.values.map(\.longestWindow).max() ?? 0,
            longestApproval: policies.values.map(\.longestApproval).max() ?? 0,
            longestBrake: policies.values.map(\.longestBrake).max() ?? 0)
        decider.restore(history.reservations) { policies[$0] }
        for policy in policies.values.sorted(by: { $0.name < $1.name }) { try PolicyArchive.keep(policy, in: log) }
        history.markUnanswered(in: log)
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        do {
            core = try GatewayCore(
                settings, log: log, clock: clock, recorder: OutcomeRecorder(log: log, key: key, decider: decider),
                name: settings.configuration.name ?? name, loop: group.next())
            approvals = core.approvals
            let core = core
            brakes = BrakeDesk(log: log, clock: clock, decider: decider) { agent, server in
                try? core.loop.submit { core.policies(of: agent, at: server) }.wait()
            }
            brakes.restore(history.brakes)
        } catch {
            group.shutdownGracefully { _ in }
            throw error
        }
    }

    /// The calls that wait for a person.
    let approvals: ApprovalDesk
    /// The brakes that are on.
    public let brakes: BrakeDesk

    /// Listens, and gives the address, whose port the system may have chosen.
    ///
    /// - Throws: `GatewayError` when the address cannot be had, or certificate and key cannot be used.
    public func start(_ configuration: ServeConfiguration) async throws -> ListenAddress {
        let core = core
        let tls = try HTTPGateway.tls(configuration)
        try await core.loop.submit { core.tls = tls }.get()
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = configuration.limits.headBytes
        limits.maxHeaderListSize = configuration.limits.headBytes
        limits.maxHeaderFieldCount = 128
        let headLimits = limits
        let bootstrap = ServerBootstrap(group: core.loop)
            .serverChannelOption(ChannelOptions.backlog, value: 1024)
            .serverChannelOption(ChannelOptions.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(ChannelOptions.socketOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard core.makeRoomForConnection(from: channel.remoteAddress?.ipAddress ?? "local") else {
                        core.gate.noteTooManyConnections(peer: channel.remoteAddress?.ipAddress ?? "local")
                        throw GatewayError(.cannotStart, "too many connections")
                    }
                    let pipeline = channel.pipeline.syncOperations
                    if let tls = core.tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
                    try pipeline.addHandlers([
                        ByteToMessageHandler(
                            HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: headLimits)),
                        ClientConnection(core: core),
                    ])
                }
            }
        let channel: any Channel
        do {
            channel = try await bootstrap.bind(host: configuration.listen.host, port: configuration.listen.port).get()
        } catch {
            let why = (error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(error)"
            throw GatewayError(
                .usage, "cannot listen on \(configuration.listen): \(why.lowercased())",
                hint: "ss -ltnp 'sport = :\(configuration.listen.port)'")
        }
        listener.withLock { $0 = channel }
        let address = ListenAddress(
            host: configuration.listen.host, port: channel.localAddress?.port ?? configuration.listen.port)
        let room = HTTPGateway.connectionsThatFit()
        try await core.loop.submit {
            core.maximumConnections = room
        }.get()
        let task = core.loop.scheduleRepeatedTask(initialDelay: .milliseconds(250), delay: .milliseconds(250)) { _ in
            core.sweep()
        }
        sweeper.withLock { $0 = task }
        return address
    }

    /// Takes over a changed configuration from the next call on; the address listened on stays.
    ///
    /// Blocks until that is done: not to be called on an event loop.
    ///
    /// - Parameter user: who asked for it, for the record; nil where a file was found changed.
    /// - Throws: `GatewayError`, `LogError`; nothing has changed then.
    public func apply(_ settings: ServeSettings, by user: String? = nil) throws {
        let core = core
        let known = try core.loop.submit { Set(core.policies.values.map(\.digest)) }.wait()
        for policy in settings.policies.values.sorted(by: { $0.name < $1.name }) where !known.contains(policy.digest) {
            try PolicyArchive.keep(policy, in: core.log, by: user)
        }
        let tls = try HTTPGateway.tls(settings.configuration)
        try core.loop.submit { try core.apply(settings, tls: tls) }.wait()
    }

    /// What is under way just now; blocks like ``apply(_:by:)``.
    public func status() throws -> Status {
        let core = core
        return try core.loop.submit {
            Status(
                connections: core.connections.count, sessions: core.sessions.count, streams: core.streamCount,
                requests: core.exchanges.count, heldCalls: core.approvals.count, reloads: core.edition,
                nextSeq: core.log.nextSeq, unreadableLines: core.unreadableLines)
        }.wait()
    }

    /// What its servers have listed since it started or they were configured; blocks like ``apply(_:by:)``.
    public func tools() throws -> [OfferedTool] {
        let core = core
        return try core.loop.submit {
            core.routes.values.flatMap { $0.catalog.offered(by: $0.name) }.sorted(by: OfferedTool.isBefore)
        }.wait()
    }

    /// What a gateway is doing.
    public struct Status: Sendable {
        /// Clients' connections.
        public let connections: Int
        /// Sessions of the handshake era.
        public let sessions: Int
        /// Streams open towards clients.
        public let streams: Int
        /// Requests under way.
        public let requests: Int
        /// Calls that wait for a person.
        public let heldCalls: Int
        /// Times that a changed configuration was taken over.
        public let reloads: Int
        /// The seq that the log's next record will have.
        public let nextSeq: UInt64
        /// Lines that servers on standard output wrote and that were no message: dropped.
        public let unreadableLines: Int
    }

    /// Takes no further requests, waits up to `patience` for what is under way, ends and records what is left.
    public func shutDown(patience: Duration) async {
        let core = core
        let channel = listener.withLock { $0 }
        try? await channel?.close()
        try? await core.loop.submit { core.drain() }.get()
        let end = ContinuousClock.now + patience
        while ContinuousClock.now < end {
            if (try? await core.loop.submit { core.isIdle }.get()) ?? true { break }
            try? await Task.sleep(for: .milliseconds(20))
        }
        sweeper.withLock { $0 }?.cancel()
        try? await core.loop.submit { core.stop() }.get()
        // Children get a moment to end by themselves, and are ended then.
        let last = ContinuousClock.now + .seconds(5)
        while ContinuousClock.now < last, (try? await core.loop.submit { core.hasChildren }.get()) ?? false {
            try? await Task.sleep(for: .milliseconds(20))
        }
        try? await group.shutdownGracefully()
    }

    /// Connections for which there are descriptors, most of them with a second one towards a server.
    private static func connectionsThatFit() -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return .max }
        return limit.rlim_cur > 1 << 30 ? .max : max(16, (Int(limit.rlim_cur) - 128) / 2)
    }

    private static func tls(_ configuration: ServeConfiguration) throws -> NIOSSLContext? {
        guard let files = configuration.tls else { return nil }
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(files.certificate).map {
                NIOSSLCertificateSource.certificate($0)
            }
            let key = try NIOSSLPrivateKey(file: files.key, format: .pem)
            var settings = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain, privateKey: .privateKey(key))
            settings.minimumTLSVersion = .tlsv12
            return try NIOSSLContext(configuration: settings)
        } catch {
            throw GatewayError(
                .usage, "certificate \(files.certificate) and key \(files.key) cannot be used together",
                hint: "openssl x509 -noout -subject -enddate -in \(files.certificate)")
        }
    }
}
