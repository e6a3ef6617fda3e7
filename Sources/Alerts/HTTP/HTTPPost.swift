import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// One request to a receiver: a connection of its own, a time limit for all of it, no redirect followed.
struct HTTPPost: Sendable {
    /// What a receiver answered.
    struct Reply: Sendable, Equatable {
        var status: Int
        /// The header Retry-After in milliseconds.
        var retryAfterMilliseconds: Int?
    }

    let address: SinkAddress
    var timeLimitMilliseconds = 10_000

    /// Sends a body and waits for the answer; blocks.
    ///
    /// - Throws: `SinkError` with code `network`, `timeout`, `forbidden`, or `status` where the answer is no success.
    func send(_ body: [UInt8], headers: [(String, String)]) throws(SinkError) {
        var failure = SinkError(.network, "\(address.name): no address")
        for candidate in try address.resolve() {
            do throws(SinkError) {
                return try judge(try exchange(candidate, body, headers))
            } catch  where error.code == .network {
                // The next address of the same name.
                failure = error
            }
        }
        throw failure
    }

    /// Success, or the error that an answer is.
    private func judge(_ reply: Reply) throws(SinkError) {
        guard !(200..<300).contains(reply.status) else { return }
        var error = SinkError(.status, "\(address.name): status \(reply.status)")
        error.retryAfterMilliseconds = reply.retryAfterMilliseconds
        switch reply.status {
        case 408, 425, 429, 500...: break
        case 300..<400:
            error.message += ", a redirect, which is not followed"
            error.hint = "name the receiver itself"
            error.isFinal = true
        default: error.isFinal = true
        }
        throw error
    }

    private func exchange(
        _ candidate: SocketAddress, _ body: [UInt8], _ headers: [(String, String)]
    ) throws(SinkError) -> Reply {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let promise = loop.makePromise(of: Reply.self)
        let deadline = loop.scheduleTask(in: .milliseconds(Int64(timeLimitMilliseconds))) {
            promise.fail(PostFailure.timeout)
        }
        let address = address
        let bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(.milliseconds(Int64(timeLimitMilliseconds)))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if address.isSecure {
                        var configuration = TLSConfiguration.makeClientConfiguration()
                        if let own = address.authorities { configuration.trustRoots = .certificates(own.certificates) }
                        let context = try NIOSSLContext(configuration: configuration)
                        let isName = (try? SocketAddress(ipAddress: address.host, port: 0)) == nil
                        try pipeline.addHandler(
                            try NIOSSLClientHandler(context: context, serverHostname: isName ? address.host : nil))
                    }
                    try pipeline.addHTTPClientHandlers(leftOverBytesStrategy: .dropBytes)
                    try pipeline.addHandler(ReplyReader(promise: promise))
                }
            }
        let connected = bootstrap.connect(to: candidate)
        connected.whenFailure { promise.fail($0) }
        connected.whenSuccess { channel in
            var head = HTTPRequestHead(version: .http1_1, method: .POST, uri: address.target)
            head.headers.add(name: "Host", value: address.authority)
            head.headers.add(name: "User-Agent", value: "tollgate")
            head.headers.add(name: "Connection", value: "close")
            head.headers.add(name: "Content-Type", value: "application/json")
            head.headers.add(name: "Content-Length", value: String(body.count))
            for (name, value) in headers { head.headers.add(name: name, value: value) }
            channel.write(HTTPClientRequestPart.head(head), promise: nil)
            channel.write(HTTPClientRequestPart.body(.byteBuffer(ByteBuffer(bytes: body))), promise: nil)
            channel.writeAndFlush(HTTPClientRequestPart.end(nil)).whenFailure { promise.fail($0) }
        }
        let result = Result { try promise.futureResult.wait() }
        deadline.cancel()
        connected.whenSuccess { $0.close(promise: nil) }
        switch result {
        case .success(let reply): return reply
        case .failure(PostFailure.timeout):
            throw SinkError(.timeout, "\(address.name): no answer within \(timeLimitMilliseconds) ms")
        case .failure(let error):
            throw SinkError(
                .network, "\(address.name): \(Self.reason(error))",
                hint: Self.isDistrust(error) ? "name the authority that signed it: URL#ca-file=PATH, or \"ca\"" : nil)
        }
    }

    /// Whether a handshake failed because of the certificate that was shown.
    private static func isDistrust(_ error: any Error) -> Bool {
        error is NIOSSLError && "\(error)".contains("CERTIFICATE_VERIFY_FAILED")
    }

    /// A reason without the request's path, which may be secret.
    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as IOError: "cannot connect: \(Descriptor.message(error.errnoCode))"
        case is ChannelError: "cannot connect in time"
        case PostFailure.closed: "closed without an answer"
        case _ where isDistrust(error): "TLS: shows a certificate that is not believed"
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            "TLS: shows a certificate of another name"
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError: "TLS: \(error)"
        case is HTTPParserError: "no HTTP"
        default: "broken off"
        }
    }
}

/// How an exchange ends without an answer.
private enum PostFailure: Error {
    case timeout
    case closed
}

/// Reads the status; a body is passed over, for as long as the time limit allows.
private final class ReplyReader: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    private let promise: EventLoopPromise<HTTPPost.Reply>

    init(promise: EventLoopPromise<HTTPPost.Reply>) {
        self.promise = promise
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // The head is the answer: what a receiver writes behind it says nothing more to us.
        guard case .head(let head) = unwrapInboundIn(data), head.status.code >= 200 else { return }
        let pause = head.headers.first(name: "Retry-After").flatMap(RetryAfter.milliseconds)
        promise.succeed(HTTPPost.Reply(status: Int(head.status.code), retryAfterMilliseconds: pause))
    }

    func channelInactive(context: ChannelHandlerContext) {
        promise.fail(PostFailure.closed)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        promise.fail(error)
        context.close(promise: nil)
    }
}

/// The header Retry-After (RFC 9110, 10.2.3).
enum RetryAfter {
    /// Milliseconds from seconds or from a date, at most a day; nil where it is neither.
    static func milliseconds(_ text: String) -> Int? {
        let text = text.trimmed
        if !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }) {
            return min(Int(text) ?? 86_400, 86_400) * 1000
        }
        let dates = DateFormatter()
        dates.locale = Locale(identifier: "en_US_POSIX")
        dates.timeZone = TimeZone(secondsFromGMT: 0)
        dates.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        guard let date = dates.date(from: text) else { return nil }
        return Int(min(max(0, date.timeIntervalSinceNow), 86_400)) * 1000
    }
}

extension String {
    /// Without spaces and tabs around it.
    fileprivate var trimmed: String {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        return String(String(drop(while: isBlank).reversed().drop(while: isBlank)).reversed())
    }
}
