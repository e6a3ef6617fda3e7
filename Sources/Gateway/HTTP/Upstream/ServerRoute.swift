import Events
import Glibc
import NIOCore
import NIOHTTP1
import Policy

/// One configured server as the gateway reaches it.
final class ServerRoute {
    /// How it is reached.
    enum Upstream {
        case http(HTTPTarget)
        case command(ChildPool)
    }

    /// Its name in endpoints and records.
    let name: String
    let configuration: ServeConfiguration.Server
    let upstream: Upstream
    /// What it has listed.
    let catalog = ToolCatalog()
    /// How long it may be silent while a request runs.
    let answerTime: TimeAmount
    /// What else it was made by, so that a change of it makes another route.
    let making: Making
    private var unlistedRisks: [String: Risk] = [:]
    private var last: LastTool?

    private struct LastTool {
        let name: String
        let edition: Int
        let listed: ToolCatalog.Tool?
        let risk: Risk
    }

    /// The parts of the configuration beyond the server's own that a route is made by.
    struct Making: Equatable {
        let connect: Duration
        let queue: Duration
        let childIdle: Duration
        let answer: Duration
        let answerBytes: Int
        /// The file of authorities, as it was.
        let authorities: FileStamp?
    }

    init(
        _ name: String, _ configuration: ServeConfiguration.Server, _ upstream: Upstream, answerTime: TimeAmount,
        making: Making
    ) {
        self.making = making
        self.name = name
        self.configuration = configuration
        self.upstream = upstream
        self.answerTime = answerTime
    }

    /// A tool as the server listed it, if it did, and its class of harm, for unlisted ones the one that the name says.
    func look(upTool name: String) -> (listed: ToolCatalog.Tool?, risk: Risk) {
        // One agent mostly calls one tool for a while, and comparing is cheaper than hashing twice.
        if let last, last.edition == catalog.edition, last.name == name { return (last.listed, last.risk) }
        let edition = catalog.edition
        let listed = catalog.tool(name)
        let risk = listed?.risk ?? risk(ofUnlisted: name)
        last = LastTool(name: name, edition: edition, listed: listed, risk: risk)
        return (listed, risk)
    }

    private func risk(ofUnlisted tool: String) -> Risk {
        if let risk = unlistedRisks[tool] { return risk }
        let risk = RiskClassifier.classify(tool: tool).risk
        // Callers choose these names: what is remembered is bounded.
        if unlistedRisks.count >= 1024 { unlistedRisks.removeAll(keepingCapacity: true) }
        unlistedRisks[tool] = risk
        return risk
    }

    func sweep(now: NIODeadline) {
        switch upstream {
        case .http(let target): target.pool.sweep(now: now)
        case .command(let children): children.sweep(now: now)
        }
    }

    func close() {
        switch upstream {
        case .http(let target): target.pool.close()
        case .command(let children): children.close()
        }
    }
}

/// Where requests to a server over HTTP go, and what goes with each.
///
/// A class because it is looked at several times a request: a copy would count a reference for each of its texts.
final class HTTPTarget {
    let pool: UpstreamPool
    /// The request line behind the method, and the first header.
    private let requestLine: String
    /// The gateway's own headers behind the client's: its credentials, and that nothing may be compressed, because what
    /// is compressed could not be read.
    private let ownLines: String
    /// The names of its credentials, in lower case.
    private let ownNames: Set<String>

    init(_ upstream: ServeConfiguration.HTTPUpstream, pool: UpstreamPool) {
        self.pool = pool
        let name = upstream.url.host.contains(":") ? "[\(upstream.url.host)]" : upstream.url.host
        let isStandard = upstream.url.port == (upstream.url.isSecure ? 443 : 80)
        let host = isStandard ? name : "\(name):\(upstream.url.port)"
        requestLine = " \(upstream.url.target) HTTP/1.1\r\nHost: \(host)\r\n"
        let credentials = upstream.headers.map { "\($0.name): \($0.value.value)\r\n" }
        ownLines = credentials.joined() + "Accept-Encoding: identity\r\n"
        ownNames = Set(upstream.headers.map { $0.name.lowercased() })
    }

    /// Writes a request to the server: the client's headers without what is meant for the gateway or for the
    /// connection only, the gateway's credentials, and the message as it came.
    ///
    /// - Parameters:
    ///   - body: the message; nil where the method has none.
    ///   - dropsSession: whether the session header is left out.
    ///   - scratch: overwritten; a head is some forty small appends, each of which costs a `ByteBuffer` several checks.
    func appendRequest(
        of admission: Admission, body: ByteBuffer?, dropsSession: Bool, scratch: inout LineBuffer,
        to request: inout ByteBuffer
    ) {
        scratch.truncate(to: 0)
        scratch.append(raw: admission.head.method.rawValue)
        scratch.append(raw: requestLine)
        let connection = admission.facts.connection
        for (name, value) in admission.head.headers where passes(name, connection, dropsSession: dropsSession) {
            scratch.append(raw: name)
            scratch.append(": ")
            scratch.append(raw: value)
            scratch.append("\r\n")
        }
        scratch.append(raw: ownLines)
        if let body {
            scratch.append("Content-Length: ")
            scratch.append(decimal: UInt64(body.readableBytes))
            scratch.append("\r\n")
        }
        scratch.append("\r\n")
        request.reserveCapacity(request.writerIndex + scratch.count + (body?.readableBytes ?? 0))
        request.writeBytes(scratch.bytes)
        if let body { request.writeImmutableBuffer(body) }
    }

    /// - Parameter connection: what the request's `Connection` headers name.
    private func passes(_ name: String, _ connection: [String], dropsSession: Bool) -> Bool {
        // Many servers read `_` in a name as `-`, and would see a header that was not looked at.
        if HTTPTarget.isOurs(name) || HTTPTarget.hasUnderscore(name) { return false }
        if dropsSession, RequestHead.matches(name, "mcp-session-id") { return false }
        if !ownNames.isEmpty, ownNames.contains(name.lowercased()) { return false }
        guard !connection.isEmpty else { return true }
        return !HTTPTarget.mayBeStripped(name) || !connection.contains(name.lowercased())
    }

    private static func hasUnderscore(_ name: String) -> Bool {
        let found = name.utf8.withContiguousStorageIfAvailable { bytes in
            bytes.baseAddress.map { memchr($0, 0x5F, bytes.count) != nil } ?? false
        }
        return found ?? name.utf8.contains(0x5F)
    }

    /// Whether `Connection` may name a header as its own: not those that were looked at, or that say what the body is.
    private static func mayBeStripped(_ name: String) -> Bool {
        let name = name.lowercased()
        return !name.hasPrefix("mcp-") && name != "content-type" && name != "accept" && name != "last-event-id"
    }

    /// Whether a client's header stays here: it names this gateway, carries a credential for it, or belongs to the
    /// connection (RFC 9110 §7.6.1).
    private static func isOurs(_ name: String) -> Bool {
        switch name.utf8.count {
        case 2: RequestHead.matches(name, "te")
        case 4: RequestHead.matches(name, "host")
        case 6:
            RequestHead.matches(name, "cookie") || RequestHead.matches(name, "origin")
                || RequestHead.matches(name, "expect")
        case 7:
            RequestHead.matches(name, "trailer") || RequestHead.matches(name, "upgrade")
                || RequestHead.matches(name, "referer")
        case 9: RequestHead.matches(name, "forwarded") || RequestHead.matches(name, "x-real-ip")
        case 10: RequestHead.matches(name, "connection") || RequestHead.matches(name, "keep-alive")
        case 13: RequestHead.matches(name, "authorization")
        case 14: RequestHead.matches(name, "content-length")
        case 15: RequestHead.matches(name, "accept-encoding") || RequestHead.matches(name, "x-forwarded-for")
        case 16:
            RequestHead.matches(name, "proxy-connection") || RequestHead.matches(name, "x-forwarded-host")
        case 17: RequestHead.matches(name, "transfer-encoding") || RequestHead.matches(name, "x-forwarded-proto")
        case 19: RequestHead.matches(name, "proxy-authorization")
        default: false
        }
    }
}
