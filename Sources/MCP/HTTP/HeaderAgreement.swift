import StrictJSON

extension EnvelopeScanner {
    /// Decides in which era a message speaks, and demands that its headers say what its body says.
    ///
    /// Policy decides on the body; some servers and intermediaries read headers. So both must agree, or the message
    /// goes nowhere. For the message that was scanned last. The era is `stateless` where the body's
    /// `io.modelcontextprotocol/protocolVersion` or the header `MCP-Protocol-Version` is anything but one of the four
    /// revisions with a handshake, unknown revisions included: the server answers those.
    ///
    /// - A request of the stateless era must have in `_meta` the revision and the client's capabilities, and all
    ///   headers that belong to it. This holds for `initialize` too: the official SDK takes one with a stateless header
    ///   for a request of that era. One without the header is of the handshake era, whatever revision its own
    ///   parameters ask for, and the server negotiates.
    /// - In the handshake era, and in messages that are no requests, headers may be absent; those that are there must
    ///   agree. A response has no method, so none of the method's headers either.
    /// - `Mcp-Name` of a method that the core protocol gives none (extensions do) is not looked at. Where the body lacks
    ///   the name, as it must not, the header has to be absent too, and the server answers.
    /// - `prompts/get` and `resources/read` may not carry a second key that equals the deciding one but for case, where
    ///   a header vouches for it.
    ///
    /// Allocates nothing unless `Mcp-Name` is in base64.
    ///
    /// - Throws: ``HeaderDisagreement`` when the message must not be forwarded.
    public func check(
        _ message: ClientMessage, headers: RoutingHeaders
    ) throws(HeaderDisagreement) -> ProtocolEra {
        if let header = headers.repeated { throw .duplicate(header) }
        switch message {
        case .request(let request):
            let meta = StatelessMeta(params: request.params, in: tree)
            let era = era(meta, headers)
            if era == .stateless { try requireStateless(meta, headers) }
            try compare(meta.version, with: headers.protocolVersion)
            try compareMethod(request.method, headers.method, isRequired: era == .stateless)
            try compareName(request.method, request.params, headers.name, isRequired: era == .stateless)
            return era
        case .notification(let notification):
            let meta = StatelessMeta(params: notification.params, in: tree)
            try compare(meta.version, with: headers.protocolVersion)
            try compareMethod(notification.method, headers.method, isRequired: false)
            try compareName(notification.method, notification.params, headers.name, isRequired: false)
            return era(meta, headers)
        case .response:
            guard headers.method == .absent else { throw .mismatch(.method) }
            guard headers.name == .absent else { throw .mismatch(.name) }
            return era(StatelessMeta(params: nil, in: tree), headers)
        }
    }

    private func era(_ meta: StatelessMeta, _ headers: RoutingHeaders) -> ProtocolEra {
        if case .once(let revision) = headers.protocolVersion {
            // The newest first: most requests name it, and finding out which another one is costs more.
            guard revision != ProtocolRevision.v2026_07_28.rawValue,
                ProtocolRevision(rawValue: revision)?.era == .handshake
            else { return .stateless }
        }
        guard let version = meta.version else { return .handshake }
        return revision(version)?.era == .handshake ? .handshake : .stateless
    }

    private func requireStateless(_ meta: StatelessMeta, _ headers: RoutingHeaders) throws(HeaderDisagreement) {
        guard meta.version != nil else { throw .missingMeta(.protocolVersion) }
        guard meta.hasCapabilities else { throw .missingMeta(.clientCapabilities) }
        guard headers.protocolVersion != .absent else { throw .missing(.protocolVersion) }
    }

    /// Compares the revisions where both are there; one that is no string equals none.
    private func compare(_ version: JSONNode?, with line: RoutingHeaders.Line) throws(HeaderDisagreement) {
        guard let version, case .once(let header) = line else { return }
        guard text(version, is: header) else { throw .mismatch(.protocolVersion) }
    }

    private func compareMethod(
        _ method: MethodName, _ line: RoutingHeaders.Line, isRequired: Bool
    ) throws(HeaderDisagreement) {
        guard case .once(let header) = line else {
            if isRequired { throw .missing(.method) }
            return
        }
        let isSame: Bool
        if let known = method.known {
            isSame = header == known.rawValue
        } else if let node = tree.member(tree.root, "method") {
            isSame = text(node, is: header)
        } else {
            isSame = false
        }
        guard isSame else { throw .mismatch(.method) }
    }

    private func compareName(
        _ method: MethodName, _ params: JSONNode?, _ line: RoutingHeaders.Line, isRequired: Bool
    ) throws(HeaderDisagreement) {
        let named: NamedParameter
        switch method.known {
        case .toolsCall, .promptsGet: named = NamedParameter("name", .promptParameters, of: params, in: tree)
        case .resourcesRead: named = NamedParameter("uri", .resourceParameters, of: params, in: tree)
        default: return
        }
        guard case .once(let header) = line else {
            if isRequired, named.value != nil { throw .missing(.name) }
            return
        }
        guard !named.isAmbiguous, let value = named.value,
            HeaderValue.withDecoded(header, { tree.equals(value, utf8: $0) }) ?? false
        else { throw .mismatch(.name) }
    }

    private func text(_ node: JSONNode, is header: String) -> Bool {
        var header = header
        return header.withUTF8 { HeaderValue.isPlain($0) && tree.equals(node, utf8: UnsafeRawBufferPointer($0)) }
    }
}

/// What the stateless era requires of `params._meta`.
private struct StatelessMeta {
    /// The revision, of whatever kind.
    var version: JSONNode?
    var hasCapabilities = false

    init(params: JSONNode?, in tree: JSONTree) {
        guard let params, let meta = tree.member(params, "_meta") else { return }
        for (key, value) in tree.members(meta) {
            if tree.text(key, is: "io.modelcontextprotocol/protocolVersion") {
                version = value
            } else if tree.text(key, is: "io.modelcontextprotocol/clientCapabilities") {
                hasCapabilities = true
            }
        }
    }
}

/// The parameter that `Mcp-Name` repeats.
private struct NamedParameter {
    /// The parameter, of whatever kind.
    var value: JSONNode?
    /// Whether some reader takes another key for it.
    var isAmbiguous = false

    init(_ name: StaticString, _ folded: FoldedKey, of params: JSONNode?, in tree: JSONTree) {
        guard let params else { return }
        for (key, value) in tree.members(params) {
            if tree.text(key, is: name) {
                self.value = value
            } else if folded.covers(key, in: tree) {
                isAmbiguous = true
            }
        }
    }
}
