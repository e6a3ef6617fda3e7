import StrictJSON

/// Reads one message from a server without building a tree, so that results of megabytes cost little.
///
/// Tolerant: the message is passed on whatever it is, so values are skipped, not checked. Of a key that is there twice
/// the last one counts, as in most clients.
public struct ServerMessageScanner: Sendable {
    /// Makes a scanner.
    public init() {}

    /// Tells what a message is.
    public func scan(_ message: UnsafeRawBufferPointer) -> ServerMessage {
        var reader = ValueSkipper(message)
        var found = Found()
        let isObject = reader.members { key, reader in
            switch key {
            case .id: found.id = reader.skipValue()
            case .method: found.method = reader.skipValue()
            case .params: found.params = reader.skipValue()
            case .result: found.result = found.readResult(&reader)
            case .error: found.error = found.readError(&reader)
            default: return reader.skipValue() != nil
            }
            return true
        }
        guard isObject, reader.isAtEnd else { return .opaque }
        return found.message(in: message)
    }

    /// The place of `params._meta["io.modelcontextprotocol/subscriptionId"]`: the id of the `subscriptions/listen`
    /// that a notification belongs to (2026-07-28); nil where there is none.
    public func subscription(_ message: UnsafeRawBufferPointer) -> Range<Int>? {
        guard let tree = try? JSONTree(parsing: Array(message)), let params = tree.member(tree.root, "params"),
            let meta = tree.member(params, "_meta"),
            let id = tree.member(meta, "io.modelcontextprotocol/subscriptionId")
        else { return nil }
        return tree.range(id)
    }

    /// Tells what a message is.
    public func scan(_ message: [UInt8]) -> ServerMessage {
        message.withUnsafeBytes { scan($0) }
    }
}

/// What has been seen of a message so far.
private struct Found {
    var id: Range<Int>?
    var method: Range<Int>?
    var params: Range<Int>?
    var result: Range<Int>?
    var error: Range<Int>?
    private var isToolError = false
    private var needsInput = false
    private var code: Int64?

    mutating func readResult(_ reader: inout ValueSkipper) -> Range<Int>? {
        guard reader.next == UInt8(ascii: "{") else { return reader.skipValue() }
        let start = reader.at
        isToolError = false
        needsInput = false
        let isObject = reader.members { key, reader in
            guard let value = reader.skipValue() else { return false }
            if key == .isError { isToolError = reader.bytes[value].elementsEqual("true".utf8) }
            if key == .resultType { needsInput = Found.asksForInput(reader.bytes[value]) }
            return true
        }
        return isObject ? start..<reader.at : nil
    }

    private static func asksForInput(_ resultType: Slice<UnsafeRawBufferPointer>) -> Bool {
        guard resultType.contains(UInt8(ascii: "\\")) else {
            return resultType.elementsEqual("\"input_required\"".utf8)
        }
        guard let tree = try? JSONTree(parsing: Array(resultType)) else { return false }
        return tree.text(tree.root, is: "input_required")
    }

    mutating func readError(_ reader: inout ValueSkipper) -> Range<Int>? {
        guard reader.next == UInt8(ascii: "{") else { return reader.skipValue() }
        let start = reader.at
        let isObject = reader.members { key, reader in
            guard let value = reader.skipValue() else { return false }
            if key == .code {
                code = JSONNumber(token: UnsafeRawBufferPointer(rebasing: reader.bytes[value]))?.int64
            }
            return true
        }
        return isObject ? start..<reader.at : nil
    }

    func message(in bytes: UnsafeRawBufferPointer) -> ServerMessage {
        let id = id.flatMap { messageID($0, in: bytes) }
        if let method {
            guard let name = methodName(method, in: bytes) else { return .opaque }
            if let id { return .request(id: id, method: name) }
            guard self.id == nil else { return .opaque }
            let token = name.known == .progress ? progressToken(in: bytes) : nil
            return .notification(ServerNotification(method: name, progressToken: token))
        }
        if let error {
            return .response(
                ServerResponse(id: id, outcome: .rpcError(code: code), needsInput: false, payload: error))
        }
        guard let result, let id else { return .opaque }
        return .response(
            ServerResponse(
                id: id, outcome: isToolError ? .toolError : .result, needsInput: needsInput, payload: result))
    }

    private func messageID(_ range: Range<Int>, in bytes: UnsafeRawBufferPointer) -> MessageID? {
        let token = UnsafeRawBufferPointer(rebasing: bytes[range])
        if token.first == UInt8(ascii: "\"") { return MessageID(range: range, isString: true) }
        return MessageKey.isPlainInteger(token) ? MessageID(range: range, isString: false) : nil
    }

    private func methodName(_ range: Range<Int>, in bytes: UnsafeRawBufferPointer) -> MethodName? {
        let token = bytes[range]
        guard token.first == UInt8(ascii: "\""), token.count > 2 else { return nil }
        guard token.contains(UInt8(ascii: "\\")) else {
            let known = UnsafeRawBufferPointer(rebasing: token.dropFirst().dropLast())
                .withMemoryRebound(to: UInt8.self) { MCPMethod(utf8: $0) }
            return MethodName(known: known, range: range)
        }
        guard let tree = try? JSONTree(parsing: Array(token)) else { return nil }
        return MethodName(known: tree.withUnescaped(tree.root) { MCPMethod(utf8: $0) } ?? nil, range: range)
    }

    private func progressToken(in bytes: UnsafeRawBufferPointer) -> MessageID? {
        guard let params else { return nil }
        var token: Range<Int>?
        var reader = ValueSkipper(bytes, from: params.lowerBound)
        _ = reader.members { key, reader in
            guard let value = reader.skipValue() else { return false }
            if key == .progressToken { token = value }
            return true
        }
        return token.flatMap { messageID($0, in: bytes) }
    }
}
