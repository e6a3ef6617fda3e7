import NIOCore
import NIOHTTP1

/// A whole answer of the gateway's own.
struct HTTPAnswer {
    var status: HTTPResponseStatus
    var headers: HTTPHeaders
    var body: ByteBuffer

    /// An answer without a body.
    static func empty(_ status: HTTPResponseStatus) -> HTTPAnswer {
        HTTPAnswer(status: status, headers: [:], body: ByteBuffer())
    }

    /// An answer in JSON.
    static func json(_ status: HTTPResponseStatus, _ bytes: [UInt8]) -> HTTPAnswer {
        HTTPAnswer(status: status, headers: jsonHeaders, body: ByteBuffer(bytes: bytes))
    }

    private static let jsonHeaders: HTTPHeaders = ["Content-Type": "application/json"]
}
