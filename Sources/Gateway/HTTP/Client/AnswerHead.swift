import NIOHTTP1

/// The head of an answer as its client gets it, when its body follows piece by piece.
struct AnswerHead {
    let status: HTTPResponseStatus
    private let headers: HTTPHeaders
    private let isServers: Bool
    private let keepsLength: Bool
    /// Bytes of the body, where that is known and the headers do not say it.
    var length: Int?

    /// A head of the gateway's own.
    init(_ status: HTTPResponseStatus, _ headers: HTTPHeaders) {
        self.status = status
        self.headers = headers
        isServers = false
        keepsLength = false
    }

    /// A server's head, without what belongs to its connection, and without cookies.
    ///
    /// - Parameter keepsLength: whether the body passes as it is.
    init(of server: HTTPResponseHead, keepsLength: Bool) {
        status = server.status
        headers = server.headers
        isServers = true
        self.keepsLength = keepsLength
    }

    /// Whether the client knows from the head where the body ends.
    var hasLength: Bool {
        HTTPWriter.hasNoBody(status) || length != nil || (keepsLength && headers.contains(name: "content-length"))
    }

    /// Calls `body` with each header that the client gets, in their order.
    func forEachHeader(_ body: (_ name: String, _ value: String) -> Void) {
        for (name, value) in headers where !isServers || passes(name) { body(name, value) }
    }

    private func passes(_ name: String) -> Bool {
        switch name.utf8.count {
        case 7: !RequestHead.matches(name, "trailer") && !RequestHead.matches(name, "upgrade")
        case 10:
            !RequestHead.matches(name, "connection") && !RequestHead.matches(name, "keep-alive")
                && !RequestHead.matches(name, "set-cookie")
        case 14: keepsLength || !RequestHead.matches(name, "content-length")
        case 16: !RequestHead.matches(name, "www-authenticate")
        case 17: !RequestHead.matches(name, "transfer-encoding")
        case 18: !RequestHead.matches(name, "proxy-authenticate")
        default: true
        }
    }
}
