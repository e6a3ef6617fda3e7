import NIOCore
import NIOHTTP1

/// Sends whole requests to a server, in the place of NIO's encoder, which makes a buffer of each part.
///
/// A handler only for its place before the decoder of responses: what is written from here does not pass that one, which
/// would take it apart. The decoder has to know all the same that there was a request, and that its method is none whose
/// answers end otherwise (HEAD, CONNECT): so each is announced to it by the same head.
final class RequestWriter: ChannelOutboundHandler {
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    private let decoder: HTTPResponseDecoder
    private let flushes: FlushBatch
    private let announcement = HTTPClientRequestPart.head(HTTPRequestHead(version: .http1_1, method: .POST, uri: "/"))
    private var context: ChannelHandlerContext?
    private var unsent = Outbox()

    init(_ decoder: HTTPResponseDecoder, flushes: FlushBatch) {
        self.decoder = decoder
        self.flushes = flushes
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    /// Sends a request whose method is neither HEAD nor CONNECT, at the end of the loop's turn.
    func send(_ request: (inout ByteBuffer) -> Void) {
        guard let context else { return }
        decoder.write(data: announcement)
        unsent.write(request)
        context.write(wrapOutboundOut(unsent.take()), promise: nil)
        flushes.add(context)
    }
}
