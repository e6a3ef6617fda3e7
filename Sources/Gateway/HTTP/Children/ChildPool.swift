import Events
import MCP
import NIOCore
import NIOHTTP1

/// The child processes of one configured server: one for each session, and one for each grant that calls without.
final class ChildPool {
    /// What a child may cost.
    struct Bounds {
        /// Requests that one child works on at once.
        var concurrency: Int
        /// Requests that one child may have, those that wait included.
        var pending: Int
        /// How long a request may wait for its turn.
        var wait: TimeAmount
        /// Bytes of one of its messages.
        var messageBytes: Int
        /// How long it may be unused before it is stopped.
        var idle: TimeAmount
    }

    let bounds: Bounds
    let scanner = ServerMessageScanner()
    private let command: ServeConfiguration.CommandUpstream
    private let name: String
    private let loop: any EventLoop
    private var shared: [String: ChildServer] = [:]
    private var all: [ObjectIdentifier: ChildServer] = [:]
    /// Lines that were no JSON-RPC message, and were dropped.
    private(set) var unreadable = 0

    init(_ command: ServeConfiguration.CommandUpstream, name: String, bounds: Bounds, on loop: any EventLoop) {
        self.command = command
        self.name = name
        self.bounds = bounds
        self.loop = loop
    }

    /// Sends a message to the child that it is for, started where there is none yet.
    func submit(_ exchange: Exchange) {
        do {
            guard let child = try child(for: exchange) else { return exchange.failWithoutSession() }
            if !child.send(exchange) {
                exchange.fail(.overloaded, .overloaded, UpstreamTrouble.queueFull.text)
            }
        } catch {
            exchange.fail(.upstreamDown, .upstreamUnavailable, "the server behind the gateway cannot be started")
        }
    }

    private func child(for exchange: Exchange) throws -> ChildServer? {
        if exchange.era == .stateless {
            if let child = shared[exchange.owner], !child.isGone { return child }
            let child = try start()
            shared[exchange.owner] = child
            return child
        }
        if let child = exchange.session?.child { return child }
        guard exchange.open?.method == .initialize else { return nil }
        let child = try start()
        let session = Session(
            id: ChildPool.newSessionID(), grant: exchange.owner, server: name, client: exchange.client, revision: nil,
            child: child)
        child.session = session
        _ = exchange.core.sessions.add(session)
        exchange.session = session
        exchange.opensSession = true
        return child
    }

    private func start() throws -> ChildServer {
        let child = try ChildServer(command, pool: self, loop: loop)
        all[ObjectIdentifier(child)] = child
        return child
    }

    /// 128 random bits, visible ASCII as the protocol asks.
    private static func newSessionID() -> String {
        let words = [UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max)]
        return words.map { String($0 | 1 << 63, radix: 16) }.joined()
    }

    /// A child has ended.
    func lost(_ child: ChildServer) {
        all[ObjectIdentifier(child)] = nil
        shared = shared.filter { $0.value !== child }
        if let session = child.session { sessionEnded(session) }
    }

    /// Tells whoever keeps the sessions that one is over.
    var sessionEnded: (Session) -> Void = { _ in }

    /// Whether all of its processes have ended.
    var isEmpty: Bool { all.isEmpty && isClosed }
    private var isClosed = false

    func noteUnreadable() {
        unreadable += 1
    }

    /// The place of the subscription that a notification belongs to (2026-07-28), whose id is the request's.
    func subscriptionRange(_ message: UnsafeRawBufferPointer) -> Range<Int>? {
        scanner.subscription(message)
    }

    /// Stops children that have been unused for long.
    func sweep(now: NIODeadline) {
        for child in all.values { child.sweep(now: now) }
        for child in all.values where child.load == 0 && now - child.lastUsed > bounds.idle { child.stop() }
    }

    func close() {
        isClosed = true
        for child in all.values { child.stop() }
    }
}
