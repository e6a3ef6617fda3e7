public import StrictJSON

/// The bounds of a client's message.
public struct EnvelopeLimits: Sendable {
    /// The most bytes; 4 MiB by default.
    public var maximumBytes: Int
    /// The most containers open at once; 64 by default.
    public var maximumDepth: Int
    /// The most bytes of an id's token: ids are kept while a request runs.
    public var maximumIDBytes: Int

    /// Makes bounds.
    public init(maximumBytes: Int = 4 << 20, maximumDepth: Int = 64, maximumIDBytes: Int = 1024) {
        self.maximumBytes = maximumBytes
        self.maximumDepth = maximumDepth
        self.maximumIDBytes = maximumIDBytes
    }
}

/// Reads one message from a client, and refuses what a server could read differently than the gateway.
///
/// Accepted is exactly one JSON object in valid UTF-8, within ``EnvelopeLimits``, with `"jsonrpc": "2.0"`, that is a
/// request, a notification or a response. Refused is, beyond what is not such a message:
/// - the same key twice: at the top, in `params` and its `_meta`; in a tool call anywhere. Keys are compared after
///   unescaping, as every server's parser does: `"\u006eame"` *is* the key `name`, allowed once;
/// - a key that equals a deciding one but for case (Go and .NET match so), or that has a control character in it
///   (C readers stop at U+0000): at the top, and in a tool call's `params`;
/// - the key `__proto__`: at the top, in `params`, and anywhere in a tool call;
/// - a tool call without an id, which a server might execute though nobody waits for its answer;
/// - line breaks inside a line, see ``MessageFraming/line``. Other separators, such as U+2028, can only stand inside a
///   string, where no quotation mark can: what a reader would split off there is never a message.
///
/// All other messages pass, whatever their method and fields. A warm scanner allocates nothing, and is not copied.
public struct EnvelopeScanner: ~Copyable, Sendable {
    /// The last message's tree; empty when it was no JSON.
    public private(set) var tree = JSONTree()
    private let limits: EnvelopeLimits

    /// Makes a scanner.
    public init(limits: EnvelopeLimits = .init()) {
        self.limits = limits
    }

    /// Reads one message.
    ///
    /// - Parameter framing: how the message was told apart from others.
    /// - Throws: ``EnvelopeRefusal`` when the message must not be forwarded.
    public mutating func scan(
        _ message: UnsafeRawBufferPointer, framing: MessageFraming
    ) throws(EnvelopeRefusal) -> ClientMessage {
        let bounds = JSONLimits(
            maximumBytes: limits.maximumBytes, maximumDepth: limits.maximumDepth, duplicateKeys: .allow)
        do {
            try tree.parse(message, limits: bounds)
        } catch {
            let reason: EnvelopeRefusal.Reason = error.code == .tooLarge ? .tooLarge : .malformed
            throw EnvelopeRefusal(
                reason: reason, detail: .json(error.code), offset: error.offset, answer: .unknown)
        }
        if let offset = framing.firstViolation(in: message) {
            throw EnvelopeRefusal(reason: .malformed, detail: .lineBreak, offset: offset, answer: .unknown)
        }
        guard tree.kind(tree.root) == .object else {
            let isBatch = tree.kind(tree.root) == .array
            throw EnvelopeRefusal(
                reason: isBatch ? .batch : .malformed, detail: isBatch ? .batch : .notAnObject,
                offset: tree.range(tree.root).lowerBound, answer: .unknown)
        }
        return try classify(TopLevel(of: tree))
    }

    /// Reads one message.
    ///
    /// - Throws: ``EnvelopeRefusal`` when the message must not be forwarded.
    public mutating func scan(_ message: [UInt8], framing: MessageFraming) throws(EnvelopeRefusal) -> ClientMessage {
        try message.withUnsafeBufferPointer { (buffer) throws(EnvelopeRefusal) in
            try scan(UnsafeRawBufferPointer(buffer), framing: framing)
        }
    }

    /// The id by value, to find its answer.
    public func key(of id: MessageID) -> MessageKey? {
        tree.bytes.withUnsafeBytes { MessageKey(token: UnsafeRawBufferPointer(rebasing: $0[id.range])) }
    }

    /// The revision that a string names; nil for one that is not known.
    public func revision(_ node: JSONNode) -> ProtocolRevision? {
        ProtocolRevision.allCases.first { revision in
            var name = revision.rawValue
            return name.withUTF8 { tree.equals(node, utf8: UnsafeRawBufferPointer($0)) }
        }
    }

    /// Gives back memory beyond `bytes`, say after a message of megabytes.
    public mutating func releaseMemory(above bytes: Int) {
        tree.releaseMemory(above: bytes)
    }

    private mutating func classify(_ top: TopLevel) throws(EnvelopeRefusal) -> ClientMessage {
        if let key = tree.firstDuplicateKey(in: tree.root, deep: false) {
            throw refusal(.duplicateKey, at: key, top, withholdID: tree.text(key, is: "id"))
        }
        if let key = top.ambiguousKey { throw refusal(.ambiguousKey, at: key, top) }
        if let key = top.prototypeKey { throw refusal(.prototypeKey, at: key, top) }
        guard let version = top.jsonrpc, tree.text(version, is: "2.0") else {
            throw refusal(.version, at: top.jsonrpc ?? tree.root, top)
        }
        let id = try identifier(top)
        if let params = top.params {
            let isCall = top.knownMethod == .toolsCall
            if let key = duplicateKey(in: params, isCall: isCall) { throw refusal(.duplicateKey, at: key, top) }
            if let key = prototypeKey(in: params, isCall: isCall) { throw refusal(.prototypeKey, at: key, top) }
        }

        guard let node = top.method else {
            guard let payload = top.result ?? top.error else { throw refusal(.neither, at: tree.root, top) }
            guard top.result == nil || top.error == nil else { throw refusal(.contradictory, at: payload, top) }
            guard id != nil || (top.id != nil && top.error != nil) else {
                throw refusal(.responseWithoutID, at: tree.root, top)
            }
            return .response(ClientResponse(id: id, isError: top.error != nil))
        }
        let method = try methodName(node, top)
        guard top.result == nil, top.error == nil else { throw refusal(.contradictory, at: node, top) }
        let isCall = method.known == .toolsCall
        guard let id else {
            if isCall { throw refusal(.callWithoutID, at: node, top) }
            let cancelled = method.known == .cancelled ? top.params.flatMap { tree.member($0, "requestId") } : nil
            return .notification(
                ClientNotification(
                    method: method, params: top.params, cancelledRequest: cancelled.flatMap { tree.messageID($0) }))
        }
        let call = isCall ? try toolCall(node, top) : nil
        let meta = RequestMeta(params: top.params, method: method.known, in: tree)
        return .request(
            ClientRequest(
                id: id, method: method, params: top.params, call: call, identity: meta.identity, trace: meta.trace,
                progressToken: meta.progressToken))
    }

    /// Reads the id; nil where there is none, and for the null that an error about an unreadable request carries.
    private func identifier(_ top: TopLevel) throws(EnvelopeRefusal) -> MessageID? {
        guard let node = top.id else { return nil }
        guard let id = tree.messageID(node) else {
            if tree.kind(node) == .null, top.method == nil, top.result == nil, top.error != nil { return nil }
            throw refusal(.idType, at: node, top)
        }
        guard id.range.count <= limits.maximumIDBytes else {
            throw refusal(.idTooLong, at: node, top, withholdID: true)
        }
        return id
    }

    private func methodName(_ node: JSONNode, _ top: TopLevel) throws(EnvelopeRefusal) -> MethodName {
        let isPlain = tree.withUnescaped(node) { !$0.isEmpty && !hasControlCharacter($0) } ?? false
        guard isPlain else { throw refusal(.method, at: node, top) }
        let name = MethodName(known: top.knownMethod, range: tree.range(node))
        if name.known == nil, tree.withUnescaped(node, looksLikeToolsCall) ?? false {
            throw refusal(.ambiguousMethod, at: node, top)
        }
        return name
    }

    /// The first repeated key: of a call anywhere, else of `params` and its `_meta`.
    private mutating func duplicateKey(in params: JSONNode, isCall: Bool) -> JSONNode? {
        if let key = tree.firstDuplicateKey(in: params, deep: isCall) { return key }
        guard !isCall, let meta = tree.member(params, "_meta") else { return nil }
        return tree.firstDuplicateKey(in: meta, deep: false)
    }

    /// The first key `__proto__`: of a call anywhere, else of `params`.
    private func prototypeKey(in params: JSONNode, isCall: Bool) -> JSONNode? {
        if isCall { return tree.firstKey(named: "__proto__", inside: params) }
        return tree.members(params).first { tree.text($0.key, is: "__proto__") }?.key
    }

    private func toolCall(_ method: JSONNode, _ top: TopLevel) throws(EnvelopeRefusal) -> ToolCall {
        guard let params = top.params, tree.kind(params) == .object else {
            throw refusal(.params, at: top.params ?? method, top)
        }
        let call = CallParameters(of: params, in: tree)
        if let key = call.ambiguousKey { throw refusal(.ambiguousKey, at: key, top) }
        guard let name = call.name, tree.withUnescaped(name, { !$0.isEmpty && !hasControlCharacter($0) }) ?? false
        else { throw refusal(.toolName, at: call.name ?? params, top) }
        if let arguments = call.arguments, tree.kind(arguments) != .object {
            throw refusal(.arguments, at: arguments, top)
        }
        return ToolCall(
            name: name, arguments: call.arguments, isTask: call.isTask, requestState: call.requestState,
            hasInputResponses: call.hasInputResponses)
    }

    /// Describes a refusal of a message that is JSON, with what can be told about it.
    private func refusal(
        _ detail: EnvelopeRefusal.Detail, at node: JSONNode, _ top: TopLevel, withholdID: Bool = false
    ) -> EnvelopeRefusal {
        let id = withholdID ? nil : top.id.flatMap { tree.messageID($0) }
        let answer: EnvelopeRefusal.Answer
        if top.method == nil, top.result != nil || top.error != nil {
            answer = .none
        } else if top.method != nil, top.id == nil {
            answer = .none
        } else if let id, id.range.count <= limits.maximumIDBytes {
            answer = .request(id)
        } else {
            answer = .unknown
        }
        let isCall = top.knownMethod == .toolsCall
        let name = isCall ? top.params.flatMap { tree.member($0, "name") } : nil
        return EnvelopeRefusal(
            reason: .malformed, detail: detail, offset: tree.range(node).lowerBound, answer: answer,
            method: top.knownMethod, tool: name.flatMap { tree.kind($0) == .string ? $0 : nil })
    }
}
