import MCP
import StrictJSON

/// Reads a server's message.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzReplies(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = input(start, count)
    let message = ServerMessageScanner().scan(bytes)
    let limits = JSONLimits(maximumBytes: 1 << 20, maximumDepth: 1000, duplicateKeys: .refuse)
    let tree = try? JSONTree(parsing: Array(bytes), limits: limits)
    switch message {
    case .opaque:
        // What is not a message to the one may not be one to the other.
        if let tree, isMessage(tree) { require(false, "a message was not seen") }
    case .response(let response):
        require(response.payload.upperBound <= count && !response.payload.isEmpty, "the payload is in the message")
        guard let tree else { break }
        require(tree.member(tree.root, "method") == nil, "a response has no method")
        let error = tree.member(tree.root, "error")
        require(tree.member(tree.root, "result") != nil || error != nil, "a response has a result or error")
        require(response.id?.range == messageID(tree).map(tree.range), "both see the same id")
        require((error ?? tree.member(tree.root, "result")).map(tree.range) == response.payload, "and the same payload")
        if case .rpcError(let code) = response.outcome {
            require(error != nil, "an error is one")
            let number = error.flatMap { tree.member($0, "code") }.flatMap(tree.number)
            require(number?.int64 == code, "both see the same code")
        } else {
            require(error == nil, "a result is none")
            let flag = tree.member(tree.root, "result").flatMap { tree.member($0, "isError") }.flatMap(tree.bool)
            require((response.outcome == .toolError) == (flag == true), "both see a tool's failure")
            let type = tree.member(tree.root, "result").flatMap { tree.member($0, "resultType") }
            let asks = type.map { tree.text($0, is: "input_required") } ?? false
            require(response.needsInput == asks, "both see that input is asked for")
        }
    case .request(let id, let method):
        guard let tree else { break }
        require(messageID(tree).map(tree.range) == id.range, "both see the same id")
        requireMethod(method, tree)
    case .notification(let notification):
        guard let tree else { break }
        require(tree.member(tree.root, "id") == nil, "a notification has no id")
        requireMethod(notification.method, tree)
    }
    return 0
}

private func messageID(_ tree: JSONTree) -> JSONNode? {
    guard let node = tree.member(tree.root, "id") else { return nil }
    if tree.kind(node) == .string { return node }
    return tree.withUnsafeBytes(of: node) { MessageKey(token: $0) } == nil ? nil : node
}

private func requireMethod(_ method: MethodName, _ tree: JSONTree) {
    guard let node = tree.member(tree.root, "method") else { return require(false, "there is a method") }
    require(method.range == tree.range(node), "both see the same method")
    require(method.known?.rawValue == (tree.string(node).flatMap { MCPMethod(rawValue: $0)?.rawValue }), "and know it")
}

/// Whether the strict parser finds a message with an id, or a notification.
private func isMessage(_ tree: JSONTree) -> Bool {
    guard tree.kind(tree.root) == .object else { return false }
    if let method = tree.member(tree.root, "method") {
        guard tree.kind(method) == .string, tree.range(method).count > 2 else { return false }
        return tree.member(tree.root, "id") == nil || messageID(tree) != nil
    }
    return tree.member(tree.root, "error") != nil || (tree.member(tree.root, "result") != nil && messageID(tree) != nil)
}
