import NIOHTTP1

/// A whole answer of the gateway's own.
struct HTTPAnswer {
    var status: HTTPResponseStatus
    /// Headers besides those that tell of the body.
    var headers = HTTPHeaders()
    /// Whether the body is JSON; else there is none.
    var isJSON = false
    var body: [UInt8] = []

    /// An answer without a body.
    static func empty(_ status: HTTPResponseStatus) -> HTTPAnswer {
        HTTPAnswer(status: status)
    }

    /// An answer in JSON.
    static func json(_ status: HTTPResponseStatus, _ bytes: [UInt8]) -> HTTPAnswer {
        HTTPAnswer(status: status, isJSON: true, body: bytes)
    }
}
