import NIOCore
import NIOHTTP1

/// Writes each request into one buffer, in the place of NIO's encoder, which makes one of each part.
///
/// It stands before the decoder of responses, which has to see the requests' heads: some answers' ends depend on them.
final class RequestWriter: ChannelOutboundHandler {
    typealias OutboundIn = HTTPClientRequestPart
    typealias OutboundOut = ByteBuffer

    private var buffer = ByteBuffer()

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head):
            buffer = ByteBuffer()
            buffer.reserveCapacity(1024)
            HTTPWriter.append(head, to: &buffer)
        case .body(.byteBuffer(let body)): buffer.writeImmutableBuffer(body)
        case .body(.fileRegion): context.close(promise: nil)
        case .end:
            context.write(wrapOutboundOut(buffer), promise: promise)
            buffer = ByteBuffer()
        }
    }
}
