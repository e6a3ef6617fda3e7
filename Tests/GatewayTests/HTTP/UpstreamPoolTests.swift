import AuditLog
import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

@testable import Gateway

/// A server gets as many requests at a time as it may have, whatever becomes of them; no turn is ever lost or doubled.
struct UpstreamPoolTests {
    enum End: Equatable, Sendable {
        case answered(UInt)
        case failed(UpstreamTrouble)
    }

    /// A request, confined to the loop but for ``ends``.
    final class Job: UpstreamJob, @unchecked Sendable {
        let number: Int
        let owner: String
        let path: String
        let queuedAt: NIODeadline
        private(set) var isOver = false
        private(set) var isCancelled = false
        /// Whether it is given up at the moment when it is to be sent.
        var givesUpOnSending = false
        private var status: UInt = 0
        private var connection: UpstreamConnection?
        private let ends: Monitor<[Int: [End]]>

        init(
            _ number: Int, _ path: String, owner: String, _ ends: Monitor<[Int: [End]]>, queuedAt: NIODeadline = .now()
        ) {
            self.number = number
            self.path = path
            self.owner = owner
            self.ends = ends
            self.queuedAt = queuedAt
        }

        func send(on connection: UpstreamConnection) {
            guard !isOver, !givesUpOnSending else { return connection.giveBack() }
            self.connection = connection
            let request = "POST \(path) HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx"
            connection.send({ $0.writeString(request) }, to: self)
        }

        /// As an exchange does it: nothing more is wanted of it.
        func cancel() {
            guard !isOver else { return }
            isOver = true
            isCancelled = true
            connection?.cancel()
            connection = nil
        }

        func upstream(head: HTTPResponseHead) { status = head.status.code }
        func upstream(body: ByteBuffer) {}
        func upstreamPaused() {}

        func upstreamEnded() {
            connection = nil
            note(.answered(status))
        }

        func upstreamFailed(_ trouble: UpstreamTrouble) {
            connection = nil
            note(.failed(trouble))
        }

        private func note(_ end: End) {
            isOver = true
            ends.withLock { $0[number, default: []].append(end) }
            ends.wakeAll()
        }
    }

    /// A pool and its requests; the pool is confined to the loop.
    final class Place: @unchecked Sendable, CustomReflectable {
        // A failing expectation looks into its operands; not into what cannot be copied.
        var customMirror: Mirror { Mirror(self, children: []) }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let loop: any EventLoop
        let pool: UpstreamPool
        let ends = Monitor<[Int: [End]]>([:])
        private var next = 0

        init(port: Int, concurrency: Int = 3, queue: Int = 1000, connect: TimeAmount = .seconds(5)) {
            loop = group.next()
            pool = UpstreamPool(
                UpstreamPool.Address(host: "127.0.0.1", port: port, tls: nil),
                bounds: UpstreamPool.Bounds(
                    concurrency: concurrency, queue: queue, connect: connect, wait: .seconds(30)),
                on: loop, flushes: FlushBatch(loop: loop))
        }

        /// How a request is sent.
        enum Way: Sendable {
            case inTurn
            case atOnce
            case alone
        }

        @discardableResult
        func send(
            _ path: String, owner: String = "g", _ way: Way = .inTurn,
            _ change: @escaping @Sendable (Job) -> Void = { _ in }
        )
            throws -> Job
        {
            try loop.submit { [self] in
                next += 1
                let job = Job(next, path, owner: owner, ends)
                change(job)
                switch way {
                case .inTurn: pool.submit(job)
                case .atOnce: pool.submitAtOnce(job)
                case .alone: pool.open(job)
                }
                return job
            }.wait()
        }

        func onLoop<R: Sendable>(_ body: @escaping @Sendable (UpstreamPool) -> R) throws -> R {
            try loop.submit { [self] in body(pool) }.wait()
        }

        /// How a request ended, once it has.
        func end(of job: Job) -> End? {
            ends.wait(milliseconds: 30_000) { $0[job.number]?.first }
        }

        func stop() throws {
            try onLoop { $0.close() }
            try group.syncShutdownGracefully()
        }
    }

    /// The property itself: with nothing under way, exactly `concurrency` requests run at once and the next one waits.
    private func expectAllTurnsFree(_ place: Place, _ server: EchoServer, concurrency: Int, _ comment: Comment) throws {
        guard server.awaitRunning(0) else {
            Issue.record("requests are still running: \(comment)")
            return
        }
        server.state.withLock { state in
            state.letsGo = false
            state.most = 0
        }
        let jobs = try (0..<concurrency + 2).map { _ in try place.send("/hold") }
        let runs = server.awaitRunning(concurrency)
        let waiting = try place.onLoop { $0.waiting }
        #expect(runs && waiting == 2, comment)
        server.letGo()
        for job in jobs { #expect(place.end(of: job) == .answered(200), comment) }
        #expect(server.state.withLock { $0.most } == concurrency, comment)
    }

    /// Runs `body` with a server and a pool to it, and ends both.
    private func withServer(
        concurrency: Int = 3, queue: Int = 1000, _ body: (Place, EchoServer) throws -> Void
    ) throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let server = try EchoServer(on: group)
        let place = Place(port: server.port, concurrency: concurrency, queue: queue)
        let result = Result { try body(place, server) }
        try server.close()
        try place.stop()
        try group.syncShutdownGracefully()
        try result.get()
    }

    @Test func neverMoreThanItsConcurrencyRunAtOnceAndAllAreServed() throws {
        try withServer { place, server in
            let jobs = try (0..<60).map { try place.send($0 % 7 == 0 ? "/last" : "/ok", owner: "g\($0 % 4)") }
            for job in jobs { #expect(place.end(of: job) == .answered(200)) }
            #expect(server.state.withLock { $0.most } <= 3 && server.state.withLock { $0.served } == 60)
            try expectAllTurnsFree(place, server, concurrency: 3, "afterwards")
        }
    }

    @Test(arguments: UInt64(0)..<8)
    func turnsAreNeitherLostNorDoubledWhateverHappens(seed: UInt64) throws {
        try withServer { place, server in
            server.letGo()
            var random = SeededGenerator(seed: seed)
            var jobs: [Job] = []
            for _ in 0..<150 {
                let path = random.pick(["/ok", "/ok", "/hold", "/close", "/last", "/junk"])
                let gives = random.chance(10)
                let way = random.pick([Place.Way.inTurn, .inTurn, .inTurn, .inTurn, .atOnce, .alone])
                jobs.append(try place.send(path, owner: "g\(random.below(3))", way) { $0.givesUpOnSending = gives })
                if random.chance(30) {
                    let victim = random.pick(jobs)
                    try place.onLoop { _ in victim.cancel() }
                }
                let later = TimeAmount.seconds(random.chance(50) ? 10 : 0)
                if random.chance(5) { try place.onLoop { $0.sweep(now: .now() + later) } }
            }
            let awaited = jobs.filter { !$0.isCancelled && !$0.givesUpOnSending }
            for job in awaited where place.end(of: job) == nil {
                Issue.record("seed \(seed): never ended: \(job.path)")
            }
            // What was cancelled may only now be read by the server: some turns later it has been.
            for _ in 0..<5 where try place.end(of: place.send("/ok")) != .answered(200) {
                Issue.record("seed \(seed): a turn was lost")
            }
            try expectAllTurnsFree(place, server, concurrency: 3, "seed \(seed)")
            let doubled = place.ends.withLock { ends in ends.values.filter { $0.count > 1 } }
            #expect(doubled.isEmpty, "seed \(seed): ended twice: \(doubled)")
        }
    }

    @Test func aServerThatCannotBeReachedCostsNoTurnAndGivesNone() throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        // A port that was somebody's a moment ago is nobody's now.
        let gone = try EchoServer(on: group)
        try gone.close()
        let place = Place(port: gone.port, concurrency: 2)
        let jobs = try (0..<12).map { _ in try place.send("/ok") }
        for job in jobs { #expect(place.end(of: job) == .failed(.cannotConnect)) }
        let server = try EchoServer(on: group, port: gone.port)
        try expectAllTurnsFree(place, server, concurrency: 2, "after failures to connect")
        try server.close()
        try place.stop()
        try group.syncShutdownGracefully()
    }

    @Test func endsAreToldAsWhatTheyWere() throws {
        try withServer { place, _ in
            let ends: [(path: String, end: End)] = [
                ("/ok", .answered(200)), ("/close", .failed(.closed)), ("/junk", .failed(.notHTTP)),
                ("/last", .answered(200)), ("/ok", .answered(200)),
            ]
            for (path, end) in ends {
                let job = try place.send(path)
                #expect(place.end(of: job) == end, "\(path)")
            }
        }
    }

    @Test func whatIsSentAtOnceOrAloneStandsBehindNobody() throws {
        try withServer(concurrency: 1) { place, server in
            let held = try place.send("/hold")
            #expect(server.awaitRunning(1))
            let waiting = try place.send("/ok")
            #expect(try place.end(of: place.send("/ok", .atOnce)) == .answered(200))
            #expect(try place.end(of: place.send("/ok", .alone)) == .answered(200))
            #expect(try place.onLoop { $0.waiting } == 1)
            server.letGo()
            #expect(place.end(of: held) == .answered(200) && place.end(of: waiting) == .answered(200))
            try expectAllTurnsFree(place, server, concurrency: 1, "afterwards")
        }
    }

    @Test func aFullQueueIsSharedAndRefusesWhoFilledIt() throws {
        try withServer(concurrency: 1, queue: 4) { place, server in
            let held = try place.send("/hold", owner: "crowd")
            #expect(server.awaitRunning(1))
            let crowd = try (0..<4).map { _ in try place.send("/ok", owner: "crowd") }
            #expect(try place.end(of: place.send("/ok", owner: "crowd")) == .failed(.queueFull))
            let neighbour = try place.send("/ok", owner: "neighbour")
            #expect(place.end(of: crowd[3]) == .failed(.queueFull), "the newest of the crowd made room")
            #expect(try place.onLoop { $0.waiting } == 4)
            server.letGo()
            for job in [held, neighbour] + crowd.prefix(3) { #expect(place.end(of: job) == .answered(200)) }
        }
    }

    @Test func whatWaitsTooLongIsLetGoAndNothingElse() throws {
        try withServer(concurrency: 1) { place, server in
            let held = try place.send("/hold")
            #expect(server.awaitRunning(1))
            let (early, cancelled) = (try place.send("/ok"), try place.send("/ok"))
            try place.onLoop { pool in
                cancelled.cancel()
                pool.sweep(now: early.queuedAt + .seconds(30))
            }
            #expect(try place.onLoop { $0.waiting } == 1, "in time, and what is over is gone")
            try place.onLoop { $0.sweep(now: early.queuedAt + .seconds(31)) }
            #expect(place.end(of: early) == .failed(.queueTimeout))
            server.letGo()
            #expect(place.end(of: held) == .answered(200))
            #expect(place.ends.withLock { $0[cancelled.number] } == nil, "what was cancelled hears nothing")
        }
    }

    @Test func aClosedPoolEndsItsConnectionsWithTheirRequests() throws {
        try withServer { place, server in
            let held = try place.send("/hold")
            #expect(server.awaitRunning(1))
            try place.onLoop { $0.close() }
            server.letGo()
            #expect(place.end(of: held) == .answered(200))
        }
    }
}
