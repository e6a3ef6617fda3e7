import AuditLog
import Events
import MCP
import NIOCore
import NIOHTTP1
import Policy

/// Decides, on a request's head alone, whether its body is worth reading.
final class Gate {
    /// A request that goes no further, recorded.
    struct Refusal {
        let answer: HTTPAnswer
    }

    enum Result {
        case refused(Refusal)
        /// Answered by the gateway itself.
        case local(HTTPAnswer)
        /// A message follows.
        case message(Admission)
        /// A stream is to be opened, or a session ended.
        case stream(Admission)
    }

    /// Owns this gate, which nobody else keeps.
    private unowned(unsafe) let core: GatewayCore

    init(core: GatewayCore) {
        self.core = core
    }

    /// Looks at a head.
    func admit(_ head: HTTPRequestHead, on connection: ClientConnection) -> Result {
        let facts = RequestHead(head.headers)
        let peer = peer(of: connection, facts)
        guard !facts.repeats else {
            return refuse(.malformed, status: .badRequest, "a header that decides is there more than once", peer)
        }
        // Anything but one plain `chunked` is read differently by different servers (RFC 9112 §6.1).
        if let coding = facts.transferCoding, !RequestHead.matches(coding, "chunked") || head.version != .http1_1 {
            return refuse(.malformed, status: .badRequest, "this transfer coding is not accepted", peer)
        }
        let host = facts.host ?? ""
        guard let address = address(host, head.uri, connection) else {
            let text = "this gateway is not known by the name in the Host header"
            return refuse(.host, status: .misdirectedRequest, text, peer)
        }
        switch address.target {
        case .health where head.method == .GET || head.method == .HEAD:
            return .local(core.log.isWell ? .json(.ok, Array("{\"status\":\"ok\"}".utf8)) : Gate.unwell)
        case .metadata(let resource): return .local(metadata(of: resource, base: base(host, facts, connection)))
        case .server: break
        default: return refuse(.unknownServer, status: .notFound, "the endpoints are /<server>/mcp", peer)
        }
        if let origin = facts.origin, !core.names.accepts(origin: origin) {
            return refuse(.origin, status: .forbidden, "pages of this Origin may not call", peer)
        }
        if !address.query.isEmpty, RequestTarget.carriesCredential(address.query) {
            return refuse(
                .credentialInQuery, status: .badRequest,
                "a credential must not stand in the URL: send it as Authorization: Bearer <token>", peer)
        }
        switch identify(facts, on: connection) {
        case .known(let caller): return admit(head, facts, address.route, caller, peer: peer)
        case .revoked(let id):
            return refuse(
                .grantRevoked, status: .unauthorized, "this grant has been revoked", peer, grant: id,
                address.path, base(host, facts, connection))
        case .expired(let id):
            return refuse(
                .grantRevoked, status: .unauthorized, "this grant has expired", peer, grant: id,
                address.path, base(host, facts, connection))
        case .unknown:
            let text =
                facts.authorization == nil
                ? "send Authorization: Bearer <grant token>" : "this token belongs to no grant"
            return refuse(
                .identityUnresolved, status: .unauthorized, text, peer, grant: nil, address.path,
                base(host, facts, connection))
        }
    }

    /// What a request is addressed to; nil where the host is not this gateway.
    private func address(_ host: String, _ uri: String, _ connection: ClientConnection) -> KnownAddress? {
        if let known = connection.knownAddress, known.edition == core.edition, known.host == host, known.uri == uri {
            return known
        }
        guard core.names.accepts(host: host) else { return nil }
        let (path, query) = Gate.split(uri)
        let target = RequestTarget(path: path)
        var route: ServerRoute?
        if case .server(let name) = target { route = core.routes[name] }
        let address = KnownAddress(
            host: host, uri: uri, edition: core.edition, target: target, route: route, path: path, query: query)
        if query.isEmpty { connection.knownAddress = address }
        return address
    }

    private func admit(
        _ head: HTTPRequestHead, _ facts: RequestHead, _ route: ServerRoute?, _ caller: KnownCaller, peer: String
    ) -> Result {
        let grant = caller.grant
        if core.throttle.isOverdrawn(grant.id, now: .now()) {
            core.refusals.count(RefusalBook.prefix(of: peer), .overloaded, grant: grant.id)
            var answer = rpcError(.tooManyRequests, .overloaded, "too many denied requests; slow down", id: nil)
            answer.headers.add(name: "Retry-After", value: "5")
            return .refused(Refusal(answer: answer))
        }
        guard let route, grant.opens(server: route.name) else {
            return refuse(
                .unknownServer, status: .notFound, "this grant knows no such server", peer, grant: grant)
        }
        let admission = Admission(caller, route: route, peer: peer, head: head, facts: facts)
        switch head.method {
        case .POST:
            if let length = facts.contentLength, length > core.limits.messageBytes {
                return .refused(refuseTooLarge(admission))
            }
            guard let type = facts.contentType, Gate.isJSON(type), !facts.isEncoded else {
                return refuse(
                    .malformed, status: .unsupportedMediaType,
                    "Content-Type must be application/json, in UTF-8 and without an encoding", admission)
            }
            return .message(admission)
        case .GET, .DELETE: return .stream(admission)
        default:
            var answer = rpcError(.methodNotAllowed, .invalidRequest, "POST, GET or DELETE", id: nil)
            answer.headers.add(name: "Allow", value: "POST, GET, DELETE")
            return .refused(Refusal(answer: answer))
        }
    }

    // MARK: Who calls

    private enum Identity {
        case known(KnownCaller)
        case revoked(id: String)
        case expired(id: String)
        case unknown
    }

    private func identify(_ facts: RequestHead, on connection: ClientConnection) -> Identity {
        guard let authorization = facts.authorization else { return .unknown }
        if let known = connection.knownCaller, known.edition == core.edition, known.authorization == authorization,
            known.grant.expires.map({ core.clock.now() < $0 }) ?? true
        {
            return .known(known)
        }
        let scheme = authorization.utf8.prefix(7)
        guard scheme.count == 7, String(scheme)?.lowercased() == "bearer " else { return .unknown }
        let token = Array(authorization.utf8.dropFirst(7))
        switch core.grants.look(up: TokenDigest.hash(token), now: core.clock.now()) {
        case .grant(let grant):
            let caller = KnownCaller(
                authorization: authorization, edition: core.edition, grant: grant,
                policy: grant.policy.flatMap { core.policies[$0] })
            connection.knownCaller = caller
            return .known(caller)
        case .revoked(let id): return .revoked(id: id)
        case .expired(let id): return .expired(id: id)
        case .unknown: return .unknown
        }
    }

    private func peer(of connection: ClientConnection, _ facts: RequestHead) -> String {
        guard let forwarded = facts.forwardedFor, core.trustedProxies.contains(connection.peer) else {
            return connection.peer
        }
        // The last entry is what the trusted proxy itself saw.
        let last = forwarded.split(separator: ",").last.map { $0.filter { $0 != " " } } ?? ""
        return IPAddress.canonical(last) ?? connection.peer
    }

    // MARK: Refusals

    /// Refuses a caller that is not known.
    private func refuse(
        _ reason: Reason, status: HTTPResponseStatus, _ text: String, _ peer: String, grant: String? = nil,
        _ path: Substring = "", _ base: String = ""
    ) -> Result {
        noteUnresolved(reason, peer: peer, grant: grant)
        var answer = rpcError(status, .invalidRequest, text, id: nil)
        if status == .unauthorized {
            let isInvalid = reason == .grantRevoked || text.hasPrefix("this token")
            answer.headers.add(
                name: "WWW-Authenticate",
                value: "Bearer \(isInvalid ? "error=\"invalid_token\", " : "")"
                    + "resource_metadata=\"\(base)/.well-known/oauth-protected-resource\(path)\"")
        }
        return .refused(Refusal(answer: answer))
    }

    /// Records a refusal before authentication: the first of each network and minute whole, the rest as a number.
    private func noteUnresolved(_ reason: Reason, peer: String, grant: String? = nil) {
        let now = core.clock.now()
        guard core.refusals.isWhole(RefusalBook.prefix(of: peer), reason, now: now) else { return }
        var decision = Decision(
            gateway: core.name, identity: .unresolved, server: "-", transport: .http, method: "-", verdict: .deny,
            mode: .enforce, reason: reason)
        decision.peer = peer
        decision.grant = grant
        core.log.append(isUrgent: false) { _, _ in .decision(decision) }
    }

    /// Refuses a known caller, on the head alone.
    private func refuse(
        _ reason: Reason, status: HTTPResponseStatus, _ text: String, _ admission: Admission
    ) -> Result {
        let record = core.note(reason, admission)
        return .refused(Refusal(answer: rpcError(status, .invalidRequest, text, id: nil, record: record)))
    }

    private func refuse(
        _ reason: Reason, status: HTTPResponseStatus, _ text: String, _ peer: String, grant: Grant
    ) -> Result {
        _ = core.delay(of: grant.id)
        var decision = Decision(
            gateway: core.name, identity: .grant, server: "-", transport: .http, method: "-", verdict: .deny,
            mode: .enforce, reason: reason)
        decision.peer = peer
        decision.grant = grant.id
        decision.agent = grant.agent
        core.log.append(isUrgent: false) { _, _ in .decision(decision) }
        return .refused(Refusal(answer: rpcError(status, .invalidRequest, text, id: nil)))
    }

    func refuseTooLarge(_ admission: Admission) -> Refusal {
        let record = core.note(.tooLarge, admission)
        let text = "the message is larger than \(core.limits.messageBytes) bytes"
        return Refusal(answer: rpcError(.payloadTooLarge, .invalidRequest, text, id: nil, record: record))
    }

    func refuseSlowBody(_ admission: Admission) -> Refusal {
        let record = core.note(.protocol, admission, rule: "(body time-out)")
        let text = "the message did not arrive in time"
        return Refusal(answer: rpcError(.requestTimeout, .invalidRequest, text, id: nil, record: record))
    }

    /// Refuses what is no HTTP.
    func refuseUnreadable(peer: String) -> Refusal {
        noteUnresolved(.malformed, peer: peer)
        return Refusal(answer: rpcError(.badRequest, .invalidRequest, "the request is not strict HTTP/1.1", id: nil))
    }

    /// Notes a connection that said nothing in time.
    func noteSilentConnection(peer: String) {
        core.refusals.count(RefusalBook.prefix(of: peer), .protocol)
    }

    /// Notes a connection that was closed because there are too many.
    func noteTooManyConnections(peer: String) {
        core.refusals.count(RefusalBook.prefix(of: peer), .overloaded)
    }

    /// A JSON-RPC error as an answer over HTTP.
    func rpcError(
        _ status: HTTPResponseStatus, _ code: RPCErrorCode, _ message: String, id: [UInt8]?, record: String? = nil
    ) -> HTTPAnswer {
        var bytes: [UInt8] = []
        AnswerWriter.append(error: code, message: message, id: id, record: record, to: &bytes)
        return .json(status, bytes)
    }

    // MARK: The gateway's own pages

    private static let unwell = HTTPAnswer.json(
        .serviceUnavailable, Array("{\"status\":\"the audit log cannot be written\"}".utf8))

    /// Protected-resource metadata (RFC 9728): tokens come from the operator, in the header only.
    private func metadata(of resource: String, base: String) -> HTTPAnswer {
        let isPlain = resource.utf8.allSatisfy { $0.isASCIIAlphanumeric || "/._-".utf8.contains($0) }
        let path = isPlain ? resource : ""
        let text =
            "{\"resource\":\"\(base)\(path)\",\"bearer_methods_supported\":[\"header\"],"
            + "\"resource_name\":\"tollgate\"}"
        return .json(.ok, Array(text.utf8))
    }

    /// The gateway's address as the client knows it; its name has been checked.
    private func base(_ host: String, _ facts: RequestHead, _ connection: ClientConnection) -> String {
        let isForwarded = core.trustedProxies.contains(connection.peer) && facts.forwardedProto == "https"
        return "\(core.tls != nil || isForwarded ? "https" : "http")://\(host.lowercased())"
    }

    private static func split(_ uri: String) -> (path: Substring, query: Substring) {
        guard let mark = uri.firstIndex(of: "?") else { return (uri[...], "") }
        return (uri[..<mark], uri[uri.index(after: mark)...])
    }

    private static func isJSON(_ type: String) -> Bool {
        if RequestHead.matches(type, "application/json") { return true }
        let parts = type.lowercased().split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" && $0 != "\"" } }
        guard parts.first == "application/json" else { return false }
        return parts.dropFirst().allSatisfy { !$0.hasPrefix("charset=") || $0 == "charset=utf-8" }
    }
}
