import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// A request on its way to a server over HTTP.
protocol UpstreamJob: UpstreamAnswerer {
    /// Whose turn it takes while it waits.
    var owner: String { get }
    /// When it began to wait.
    var queuedAt: NIODeadline { get }
    /// Whether nobody wants it any more.
    var isOver: Bool { get }
    /// The request has a connection and is to be sent now.
    func send(on connection: UpstreamConnection)
}

/// The connections to one server: as many requests at a time as it may have, a bounded queue with turns for the rest.
final class UpstreamPool {
    /// Where the server is.
    struct Address {
        let host: String
        let port: Int
        /// For TLS; nil for plain HTTP.
        let tls: NIOSSLContext?
    }

    /// How much a server may be asked.
    struct Bounds {
        var concurrency: Int
        var queue: Int
        var connect: TimeAmount
        var wait: TimeAmount
        /// Shorter than the five seconds after which uvicorn, the usual server, closes idle connections: a request
        /// that crosses such a close cannot be told from one that was served.
        var idle = TimeAmount.seconds(4)
    }

    private let loop: any EventLoop
    private let address: Address
    private let bounds: Bounds
    private var idle: [UpstreamConnection] = []
    private var queue = FairQueue<any UpstreamJob>()
    private var active = 0
    private var isClosed = false

    /// Flushes connections at the end of the loop's turn.
    let flushes: FlushBatch

    init(_ address: Address, bounds: Bounds, on loop: any EventLoop, flushes: FlushBatch) {
        self.flushes = flushes
        self.address = address
        self.bounds = bounds
        self.loop = loop
    }

    /// How many requests wait for their turn.
    var waiting: Int { queue.count }

    /// Sends a request when its turn comes.
    func submit(_ job: some UpstreamJob) {
        if active < bounds.concurrency {
            start(job)
        } else {
            if queue.count >= bounds.queue {
                guard let displaced = queue.displace(for: job.owner) else { return job.upstreamFailed(.queueFull) }
                displaced.upstreamFailed(.queueFull)
            }
            queue.push(job, owner: job.owner)
        }
    }

    /// Sends a message that nobody waits for and that others may wait for: an answer to the server's own question must
    /// not stand behind the call that asks it.
    func submitAtOnce(_ job: some UpstreamJob) {
        start(job)
    }

    /// Sends a request at once on a connection of its own: streams that stay open would take others' turns.
    func open(_ job: some UpstreamJob) {
        connect(job, isPooled: false)
    }

    private func start(_ job: any UpstreamJob) {
        active += 1
        if let connection = idle.popLast() {
            job.send(on: connection)
        } else {
            connect(job, isPooled: true)
        }
    }

    private func connect(_ job: any UpstreamJob, isPooled: Bool) {
        let address = address
        let pool = NIOLoopBound(self, eventLoop: loop)
        let bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(bounds.connect)
            .channelOption(ChannelOptions.socketOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls = address.tls {
                        try pipeline.addHandler(try UpstreamPool.tlsHandler(tls, host: address.host))
                    }
                    let decoder = HTTPResponseDecoder(leftOverBytesStrategy: .dropBytes)
                    let writer = RequestWriter(decoder, flushes: pool.value.flushes)
                    try pipeline.addHandlers([
                        writer, ByteToMessageHandler(decoder), UpstreamConnection(pool: pool.value, writer: writer),
                    ])
                }
            }
        bootstrap.connect(host: address.host, port: address.port).assumeIsolated().whenComplete { [self] result in
            // Several addresses of one name are tried at once: which channel it became is known only now.
            let connected = result.flatMap { channel in
                Result { try channel.pipeline.syncOperations.handler(type: UpstreamConnection.self) }
            }
            switch connected {
            case .success(let connection):
                connection.isPooled = isPooled
                guard !connection.isLost else {
                    // Closed again before anybody knew of it.
                    if isPooled { freeTurn() }
                    return job.upstreamFailed(.closed)
                }
                if job.isOver { connection.giveBack() } else { job.send(on: connection) }
            case .failure(let error):
                if isPooled { freeTurn() }
                let isTimeout = (error as? ChannelError).map { if case .connectTimeout = $0 { true } else { false } }
                job.upstreamFailed(isTimeout ?? false ? .connectTimeout : .cannotConnect)
            }
        }
    }

    /// TLS towards a host; a certificate's name is checked against names, and against addresses where the URL has one.
    static func tlsHandler(_ context: NIOSSLContext, host: String) throws -> NIOSSLClientHandler {
        let isAddress = IPAddress.isIPv4(host) || IPAddress.isIPv6(host)
        return try NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : host)
    }

    /// A connection has served its request and can serve another.
    func release(_ connection: UpstreamConnection) {
        guard !isClosed else { return connection.cancel() }
        active -= 1
        idle.append(connection)
        takeNext()
    }

    /// A connection has ended.
    func lost(_ connection: UpstreamConnection) {
        guard connection.isPooled else { return }
        if let index = idle.firstIndex(where: { $0 === connection }) {
            idle.remove(at: index)
        } else {
            freeTurn()
        }
    }

    private func freeTurn() {
        active -= 1
        takeNext()
    }

    private func takeNext() {
        while active < bounds.concurrency, let job = queue.pop() {
            if !job.isOver { start(job) }
        }
    }

    /// Closes what has been idle for long, and lets go what has waited too long.
    func sweep(now: NIODeadline) {
        for connection in idle where now - connection.idleSince > bounds.idle { connection.cancel() }
        guard queue.count > 0 else { return }
        var late: [any UpstreamJob] = []
        queue.removeAll { job in
            let isLate = now - job.queuedAt > bounds.wait
            if isLate, !job.isOver { late.append(job) }
            return isLate || job.isOver
        }
        for job in late { job.upstreamFailed(.queueTimeout) }
    }

    /// Closes idle connections; those in use end with their requests.
    func close() {
        isClosed = true
        for connection in idle { connection.cancel() }
    }
}
