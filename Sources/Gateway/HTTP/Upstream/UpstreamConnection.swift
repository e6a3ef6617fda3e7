import NIOCore
import NIOHTTP1
import NIOSSL

/// What becomes of a request that was sent to a server over HTTP.
protocol UpstreamAnswerer: AnyObject {
    func upstream(head: HTTPResponseHead)
    func upstream(body: ByteBuffer)
    /// The answer is complete.
    func upstreamEnded()
    /// All that has arrived so far was handed over: the moment to flush.
    func upstreamPaused()
    /// There will be no answer, or no more of it.
    func upstreamFailed(_ trouble: UpstreamTrouble)
}

/// Why a server over HTTP gives no answer.
enum UpstreamTrouble: Error {
    case cannotConnect
    case connectTimeout
    case closed
    case notHTTP
    case notTrusted
    case queueFull
    case queueTimeout

    /// One sentence for the caller.
    var text: String {
        switch self {
        case .cannotConnect: "the server behind the gateway cannot be reached"
        case .connectTimeout: "the server behind the gateway does not accept connections"
        case .closed: "the server behind the gateway closed the connection before it had answered"
        case .notHTTP: "the server behind the gateway did not answer in HTTP"
        case .notTrusted: "the server behind the gateway shows a certificate that is not believed"
        case .queueFull: "too many requests wait for this server already"
        case .queueTimeout: "the request waited too long for its turn at this server"
        }
    }
}

/// One connection to a server over HTTP: one request at a time.
final class UpstreamConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    /// The cycle with the pool's list of idle connections ends when the channel does.
    private let pool: UpstreamPool
    private let writer: RequestWriter
    private var context: ChannelHandlerContext?
    /// Kept until its answer or this connection has ended.
    private var answerer: (any UpstreamAnswerer)?
    private var isBusy = false
    private var isReusable = false
    private var isPaused = false
    /// Whether the pool knows that it has ended.
    private(set) var isLost = false
    /// Whether the pool counts it among those that serve requests in turns.
    var isPooled = false
    /// When it became idle.
    private(set) var idleSince = NIODeadline.now()

    init(pool: UpstreamPool, writer: RequestWriter) {
        self.pool = pool
        self.writer = writer
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        // A channel that is closed before it was active never becomes inactive.
        leave()
    }

    /// Sends the whole request that `request` writes; its answer goes to `answerer`.
    func send(_ request: (inout ByteBuffer) -> Void, to answerer: any UpstreamAnswerer) {
        guard context != nil else { return answerer.upstreamFailed(.closed) }
        self.answerer = answerer
        isBusy = true
        isReusable = false
        writer.send(request)
    }

    /// Stops or resumes reading the answer, while its reader is slow.
    func setReading(_ reads: Bool) {
        guard isPaused == reads, let context else { return }
        isPaused = !reads
        try? context.channel.syncOptions?.setOption(.autoRead, value: reads)
    }

    /// Nobody wants to send anything on it after all.
    func giveBack() {
        if isPooled, !isBusy { pool.release(self) } else { cancel() }
    }

    /// Ends the connection: its answer is no longer wanted.
    func cancel() {
        answerer = nil
        context?.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard isBusy else {
            // Bytes that nobody asked for: nothing that comes after them can be trusted.
            context.close(promise: nil)
            return
        }
        switch unwrapInboundIn(data) {
        case .head(let head):
            isReusable = head.isKeepAlive
            answerer?.upstream(head: head)
        case .body(let buffer): answerer?.upstream(body: buffer)
        case .end:
            let answerer = answerer
            finish(context)
            answerer?.upstreamEnded()
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        answerer?.upstreamPaused()
    }

    private func finish(_ context: ChannelHandlerContext) {
        isBusy = false
        answerer = nil
        setReading(true)
        idleSince = .roughlyNow()
        guard isPooled, isReusable else {
            context.close(promise: nil)
            return
        }
        pool.release(self)
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
    }

    private func leave() {
        guard !isLost else { return }
        isLost = true
        let answerer = answerer
        self.answerer = nil
        context = nil
        pool.lost(self)
        if isBusy { answerer?.upstreamFailed(.closed) }
        isBusy = false
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is NIOSSLError || error is NIOSSLExtraError {
            let answerer = answerer
            self.answerer = nil
            answerer?.upstreamFailed(.notTrusted)
        }
        // An answer that breaks off is a connection that was closed.
        if let error = error as? HTTPParserError, error != .invalidEOFState {
            let answerer = answerer
            self.answerer = nil
            answerer?.upstreamFailed(.notHTTP)
        }
        context.close(promise: nil)
    }
}
