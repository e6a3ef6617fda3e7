import AuditLog
import NIOCore
import NIOHTTP1
import NIOPosix

/// A server over HTTP on loopback that does to each request what its path says: `/ok`, `/hold` (answers when it is
/// let go), `/close` (hangs up instead), `/last` (answers and hangs up), `/junk` (answers in something else).
final class EchoServer: Sendable, CustomReflectable {
    // A failing expectation looks into its operands; not into what cannot be copied.
    var customMirror: Mirror { Mirror(self, children: []) }

    struct State {
        /// Requests that are being served, and the most there ever were at once.
        var running = 0
        var most = 0
        var served = 0
        var held: [EventLoopPromise<Void>] = []
        var letsGo = false
    }

    let state = Monitor(State())
    let port: Int
    private let channel: any Channel

    /// - Parameter port: 0 lets the system choose one.
    init(on group: any EventLoopGroup, port: Int = 0) throws {
        let state = state
        channel = try ServerBootstrap(group: group)
            .serverChannelOption(ChannelOptions.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(state))
                }
            }
            .bind(host: "127.0.0.1", port: port).wait()
        self.port = channel.localAddress?.port ?? 0
    }

    /// Answers all that is held, now and from now on.
    func letGo() {
        let held = state.withLock { state in
            state.letsGo = true
            defer { state.held = [] }
            return state.held
        }
        for promise in held { promise.succeed() }
    }

    /// Waits until no request runs, or at least so many do.
    func awaitRunning(_ count: Int) -> Bool {
        state.wait(milliseconds: 30_000) { $0.running == count || (count > 0 && $0.running > count) ? true : nil }
            ?? false
    }

    func close() throws {
        letGo()
        try channel.close().wait()
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let state: Monitor<State>
        private var path = ""
        private var isRunning = false

        init(_ state: Monitor<State>) {
            self.state = state
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head):
                path = head.uri
                isRunning = true
                state.withLock { state in
                    state.running += 1
                    state.most = max(state.most, state.running)
                    state.served += 1
                }
                state.wakeAll()
            case .body: break
            case .end: serve(context)
            }
        }

        private func serve(_ context: ChannelHandlerContext) {
            switch path {
            case "/close": context.close(promise: nil)
            case "/junk":
                ended()
                context.pipeline.context(handlerType: HTTPResponseEncoder.self).whenSuccess { encoder in
                    encoder.writeAndFlush(NIOAny(ByteBuffer(string: "no HTTP at all\r\n\r\n")), promise: nil)
                }
            case "/hold":
                let promise = context.eventLoop.makePromise(of: Void.self)
                let isLetGo = state.withLock { state in
                    if !state.letsGo { state.held.append(promise) }
                    return state.letsGo
                }
                if isLetGo { promise.succeed() }
                let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
                promise.futureResult.hop(to: context.eventLoop).whenSuccess { bound.value.0.answer(bound.value.1) }
            default: answer(context)
            }
        }

        private func answer(_ context: ChannelHandlerContext) {
            ended()
            guard context.channel.isActive else { return }
            var head = HTTPResponseHead(version: .http1_1, status: .ok, headers: ["Content-Length": "2"])
            if path == "/last" { head.headers.add(name: "Connection", value: "close") }
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: "ok")))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            if path == "/last" { context.close(promise: nil) }
        }

        private func ended() {
            guard isRunning else { return }
            isRunning = false
            state.withLock { $0.running -= 1 }
            state.wakeAll()
        }

        func channelInactive(context: ChannelHandlerContext) {
            ended()
        }
    }
}
