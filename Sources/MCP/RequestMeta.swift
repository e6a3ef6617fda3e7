import StrictJSON

/// What a request says about itself: in `params._meta`, or in `initialize`.
struct RequestMeta {
    var identity = ClientIdentity()
    var trace: TraceID?
    var progressToken: MessageID?

    /// - Parameter params: the request's parameters, of any kind.
    init(params: JSONNode?, method: MCPMethod?, in tree: JSONTree) {
        guard let params else { return }
        func text(_ object: JSONNode, _ key: StaticString) -> JSONNode? {
            tree.member(object, key).flatMap { tree.kind($0) == .string ? $0 : nil }
        }
        if method == .initialize {
            identity.protocolVersion = text(params, "protocolVersion")
            if let client = tree.member(params, "clientInfo") {
                identity.name = text(client, "name")
                identity.version = text(client, "version")
            }
        }
        guard let meta = tree.member(params, "_meta") else { return }
        for (key, value) in tree.members(meta) {
            if tree.text(key, is: "progressToken") {
                progressToken = tree.messageID(value)
            } else if tree.text(key, is: "traceparent") {
                trace = tree.withUnescaped(value) { TraceID(traceParent: $0) } ?? nil
            } else if method == .initialize {
                continue
            } else if tree.text(key, is: "io.modelcontextprotocol/protocolVersion"), tree.kind(value) == .string {
                identity.protocolVersion = value
                identity.isFromMeta = true
            } else if tree.text(key, is: "io.modelcontextprotocol/clientInfo") {
                identity.name = text(value, "name")
                identity.version = text(value, "version")
            }
        }
    }
}
