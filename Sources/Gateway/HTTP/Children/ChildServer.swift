import AuditLog
import Events
import Glibc
import MCP
import NIOCore
import NIOPosix

/// A server on standard input and output that serves clients over HTTP: a child process of one session, or of one grant
/// in the stateless era.
///
/// Towards the child every request has a number of ours, so that clients cannot take each other's answers; the client's
/// own id comes back byte for byte. Tokens of progress are replaced likewise.
final class ChildServer {
    /// Messages for a client that has no stream open yet.
    private static let keptMessages = 64
    private static let keptBytes = 1 << 20
    /// Tasks whose progress is still passed on after their calls were answered.
    private static let keptTasks = 1024
    private static let unsentBytes = 8 << 20

    /// The cycle with the pool's list ends when the process does.
    private let pool: ChildPool
    private let process: ChildProcess
    private let loop: any EventLoop
    private var channel: (any Channel)?
    /// Whether the child's end was seen.
    private(set) var hasEnded = false
    private var isStopping = false
    private var pending: [Int: Exchange] = [:]
    /// The clients' tokens of progress of tasks, by our number.
    private var tasks: [Int: [UInt8]] = [:]
    /// Whose clients do not read just now.
    private var slowReaders: Set<ObjectIdentifier> = []
    private var nextNumber = 1
    /// Requests that wait for their turn.
    private var unsent = CircularBuffer<(line: ByteBuffer, exchange: Exchange, number: Int)>()
    /// What waits for nothing but the child's reading: notifications, and answers that its own questions wait for.
    private var unsentAtOnce = CircularBuffer<(line: ByteBuffer, exchange: Exchange?)>()
    private var unsentCount = 0
    /// The requests that take a turn.
    private var turns: Set<Int> = []
    private var listener: StreamRelay?
    private var kept = CircularBuffer<[UInt8]>()
    private var keptCount = 0
    private(set) var lastUsed = NIODeadline.now()
    /// The session that it serves alone; nil in the stateless era.
    weak var session: Session?

    /// Starts the child.
    ///
    /// - Throws: `GatewayError.cannotStart`.
    init(_ command: ServeConfiguration.CommandUpstream, pool: ChildPool, loop: any EventLoop) throws {
        self.pool = pool
        self.loop = loop
        process = try ChildProcess(
            command.command, variables: command.environment.mapValues(\.value), folder: command.folder)
        let process = process
        let (input, output): (Int32, Int32)
        do {
            (input, output) = try process.handOver()
        } catch {
            process.signal(SIGKILL)
            process.waitUntilEnded()
            _ = process.reap()
            throw error
        }
        let handler = NIOLoopBound(LineHandler(child: self, maximum: pool.bounds.messageBytes), eventLoop: loop)
        NIOPipeBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(handler.value) }
            }
            .takingOwnershipOfDescriptors(input: output, output: input)
            .assumeIsolated().whenComplete { [self] result in
                guard case .success(let channel) = result else { return stop() }
                self.channel = channel
                hasEnded || isStopping ? channel.close(promise: nil) : flush()
            }
        let ended = NIOLoopBound(self, eventLoop: loop)
        _ = try WorkerThread(named: "child-waiter") {
            process.waitUntilEnded()
            ended.eventLoop.execute { ended.value.end() }
        }
    }

    /// Whether it takes no more requests.
    var isGone: Bool { hasEnded || isStopping }

    /// Stops or resumes reading what the child says, while a client that it is for does not read.
    func pause(_ reader: AnyObject, _ pauses: Bool) {
        let before = slowReaders.isEmpty
        if pauses {
            slowReaders.insert(ObjectIdentifier(reader))
        } else {
            slowReaders.remove(ObjectIdentifier(reader))
        }
        guard before != slowReaders.isEmpty else { return }
        try? channel?.syncOptions?.setOption(.autoRead, value: slowReaders.isEmpty)
    }

    /// How many requests are with the child.
    var load: Int { pending.count + unsentAtOnce.count }

    // MARK: To the child

    /// Sends a message; false where too much waits already.
    func send(_ exchange: Exchange) -> Bool {
        lastUsed = .now()
        guard !isGone, load < pool.bounds.pending, unsentCount < ChildServer.unsentBytes else {
            return false
        }
        guard let open = exchange.open else {
            sendAtOnce(exchange.line(number: nil), exchange)
            return true
        }
        let number = nextNumber
        nextNumber += 1
        pending[number] = exchange
        exchange.child = (self, number)
        let line = exchange.line(number: number)
        // A subscription stays open for hours, and takes nobody's turn.
        guard open.method != .subscriptionsListen else {
            sendAtOnce(line, exchange)
            return true
        }
        unsentCount += line.readableBytes
        unsent.append((line, exchange, number))
        flush()
        return true
    }

    private func sendAtOnce(_ line: ByteBuffer, _ exchange: Exchange?) {
        unsentCount += line.readableBytes
        unsentAtOnce.append((line, exchange))
        flush()
    }

    /// Gives up requests that have waited too long for their turn.
    func sweep(now: NIODeadline) {
        let late = unsent.filter { !$0.exchange.isOver && now - $0.exchange.queuedAt > pool.bounds.wait }
        for (_, exchange, _) in late { exchange.fail(.overloaded, .overloaded, UpstreamTrouble.queueTimeout.text) }
    }

    /// No longer waits for an answer; where `cancels`, the child is told.
    func forget(_ number: Int, cancels: Bool) {
        guard pending.removeValue(forKey: number) != nil else { return }
        // What was never sent needs no cancelling.
        let wasSent = turns.remove(number) != nil
        defer { flush() }
        guard cancels, wasSent, !hasEnded else { return }
        let text = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":\(number)}}\n"
        sendAtOnce(ByteBuffer(string: text), nil)
    }

    /// Writes what waits, as far as the child reads.
    func flush() {
        guard let channel, !hasEnded else { return }
        var hasWritten = false
        while channel.isWritable, let (line, exchange) = unsentAtOnce.popFirst() {
            unsentCount -= line.readableBytes
            if let exchange, exchange.isOver { continue }
            channel.write(line, promise: nil)
            hasWritten = true
            exchange?.sentToChild()
        }
        while channel.isWritable, turns.count < pool.bounds.concurrency, let next = unsent.popFirst() {
            unsentCount -= next.line.readableBytes
            // A request that was given up before it was sent is not sent.
            if next.exchange.isOver { continue }
            channel.write(next.line, promise: nil)
            hasWritten = true
            turns.insert(next.number)
            next.exchange.sentToChild()
        }
        if hasWritten { channel.flush() }
    }

    // MARK: From the child

    /// Takes a line that the child has written.
    func take(_ line: UnsafeRawBufferPointer) {
        lastUsed = .now()
        switch pool.scanner.scan(line) {
        case .response(let response): answer(response, line)
        case .notification(let notification):
            if let token = notification.progressToken, !token.isString, let number = number(line[token.range]) {
                return progress(number, token.range, line)
            }
            if let range = pool.subscriptionRange(line), let number = number(line[range]) {
                return progress(number, range, line, isSubscription: true)
            }
            say(line)
        case .request: say(line)
        case .opaque: pool.noteUnreadable()
        }
    }

    private func number(_ token: Slice<UnsafeRawBufferPointer>) -> Int? {
        Int(String(decoding: token.filter { $0 != UInt8(ascii: "\"") }, as: UTF8.self))
    }

    private func answer(_ response: ServerResponse, _ line: UnsafeRawBufferPointer) {
        guard let id = response.id, let number = number(line[id.range]) else { return }
        turns.remove(number)
        defer { flush() }
        // Nobody waits any more for what was given up.
        guard let exchange = pending.removeValue(forKey: number) else { return }
        if exchange.isTask, !exchange.progressToken.isEmpty, tasks.count < ChildServer.keptTasks {
            tasks[number] = exchange.progressToken
        }
        pause(exchange, false)
        exchange.child = nil
        exchange.childAnswered(line, response, idRange: id.range)
    }

    private func progress(
        _ number: Int, _ range: Range<Int>, _ line: UnsafeRawBufferPointer, isSubscription: Bool = false
    ) {
        guard let exchange = pending[number] else {
            guard let token = tasks[number] else { return }
            let message = line[..<range.lowerBound] + token + line[range.upperBound...]
            return message.withUnsafeBytes { say($0) }
        }
        let token = isSubscription ? exchange.open?.idToken ?? [] : exchange.progressToken
        guard !token.isEmpty else { return exchange.childSaid(Array(line)) }
        exchange.childSaid(line[..<range.lowerBound] + token + line[range.upperBound...])
    }

    /// Passes on what belongs to no request that could be told.
    ///
    /// Over standard output nothing says which request a server's question belongs to. Where one is under way it goes
    /// with that one's answer; else on the stream that the client has open, or will open.
    private func say(_ line: UnsafeRawBufferPointer) {
        if pending.count == 1, let exchange = pending.values.first, exchange.canStream {
            exchange.childSaid(Array(line))
        } else if let listener, listener.send(line) {
            return
        } else if let exchange = pending.min(by: { $0.key < $1.key })?.value, exchange.canStream {
            exchange.childSaid(Array(line))
        } else if session != nil, kept.count < ChildServer.keptMessages,
            keptCount + line.count <= ChildServer.keptBytes
        {
            keptCount += line.count
            kept.append(Array(line))
        }
    }

    /// The stream that the client has opened.
    func listen(_ stream: StreamRelay) {
        listener = stream
        keptCount = 0
        while let message = kept.popFirst() { message.withUnsafeBytes { _ = stream.send($0) } }
    }

    /// A line was larger than what may be kept: nothing that follows can be told apart.
    func tooLarge() {
        stop()
    }

    // MARK: The end

    /// Ends the child: its input is closed, then it is asked, then forced.
    func stop() {
        guard !isStopping else { return }
        isStopping = true
        channel?.close(promise: nil)
        let process = process
        for (signal, seconds) in [(SIGTERM, Int64(1)), (SIGKILL, 3)] {
            loop.assumeIsolated().scheduleTask(in: .seconds(seconds)) { [self] in
                if !hasEnded { process.signal(signal) }
            }
        }
        failPending()
    }

    /// The child's output has ended; usually its process has too.
    func outputEnded() {
        channel = nil
        stop()
    }

    private func end() {
        hasEnded = true
        let status = process.reap()
        channel?.close(promise: nil)
        failPending(status)
        pool.lost(self)
    }

    private func failPending(_ status: ChildProcess.Status? = nil) {
        let waiting = pending.sorted { $0.key < $1.key }.map(\.value)
        pending.removeAll()
        unsent.removeAll()
        unsentAtOnce.removeAll()
        let text =
            status.map { "the server \($0.description) before it answered" } ?? "the server ended before it answered"
        for exchange in waiting {
            exchange.child = nil
            exchange.fail(.upstreamDown, .upstreamUnavailable, text)
        }
    }
}

/// Cuts a child's output into lines.
private final class LineHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let child: ChildServer
    private let maximum: Int
    private var buffer = ByteBuffer()

    init(child: ChildServer, maximum: Int) {
        self.child = child
        self.maximum = maximum
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        let before = buffer.readableBytes
        if before == 0 { buffer = bytes } else { buffer.writeBuffer(&bytes) }
        var scanned = before
        while let feed = feed(from: scanned) {
            guard let line = buffer.readSlice(length: feed + 1) else { break }
            scanned = 0
            if line.readableBytes <= maximum {
                line.withUnsafeReadableBytes { if !MessageFraming.isBlank($0) { child.take($0) } }
            } else {
                return child.tooLarge()
            }
        }
        if buffer.readableBytes > maximum { return child.tooLarge() }
        if buffer.readableBytes == 0 { buffer = ByteBuffer() } else { buffer.discardReadBytes() }
    }

    /// Where the next line feed is, counted from the first byte.
    private func feed(from start: Int) -> Int? {
        buffer.withUnsafeReadableBytes { bytes in
            guard start < bytes.count, let base = bytes.baseAddress else { return nil }
            return memchr(base + start, 0x0A, bytes.count - start).map { UnsafeRawPointer($0) - base }
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { child.flush() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        child.outputEnded()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
