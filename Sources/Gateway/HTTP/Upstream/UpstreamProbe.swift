import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS

/// Tries to reach a server over HTTP without sending it anything: what `doctor` looks at.
public enum UpstreamProbe {
    /// Connects, with TLS where the URL asks for it; blocks for five seconds at the most.
    ///
    /// - Returns: what is wrong, in a few words; nil where nothing is.
    public static func trouble(with upstream: ServeConfiguration.HTTPUpstream) -> String? {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        defer { try? group.syncShutdownGracefully() }
        let loop = group.next()
        let isReached = loop.makePromise(of: Void.self)
        do {
            let tls = upstream.url.isSecure ? try RouteBuilder.tls("", authorities: upstream.authorities) : nil
            let timeout = loop.scheduleTask(in: .seconds(5)) {
                isReached.fail(ChannelError.connectTimeout(.seconds(5)))
            }
            defer { timeout.cancel() }
            let host = upstream.url.host
            ClientBootstrap(group: loop).connectTimeout(.seconds(3))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        guard let tls else { return }
                        try channel.pipeline.syncOperations.addHandlers([
                            try UpstreamPool.tlsHandler(tls, host: host), HandshakeWatcher(isReached),
                        ])
                    }
                }
                .connect(host: host, port: upstream.url.port)
                .whenComplete { result in
                    switch result {
                    case .failure(let error): isReached.fail(error)
                    case .success where tls == nil: isReached.succeed()
                    case .success: break
                    }
                }
            try isReached.futureResult.wait()
            return nil
        } catch is NIOSSLError {
            return "shows a certificate that is not believed"
        } catch is NIOSSLExtraError {
            return "shows a certificate of another name"
        } catch {
            return "accepts no connection"
        }
    }
}

/// Tells whether a TLS handshake came to its end.
private final class HandshakeWatcher: ChannelInboundHandler {
    typealias InboundIn = Any

    private let isReached: EventLoopPromise<Void>

    init(_ isReached: EventLoopPromise<Void>) {
        self.isReached = isReached
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent {
            isReached.succeed()
            context.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        isReached.fail(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        isReached.fail(ChannelError.eof)
    }
}
