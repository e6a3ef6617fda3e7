import Events
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

    /// The class of harm that a name says, for tools that the server has not listed.
    func risk(ofUnlisted tool: String) -> Risk {
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
struct HTTPTarget {
    let pool: UpstreamPool
    /// Path and query of the request line.
    let path: String
    let host: String
    /// The gateway's own credentials.
    let headers: [(name: String, value: String)]
    /// The names of those, in lower case.
    let ownNames: Set<String>

    init(_ upstream: ServeConfiguration.HTTPUpstream, pool: UpstreamPool) {
        self.pool = pool
        path = upstream.url.target
        let name = upstream.url.host.contains(":") ? "[\(upstream.url.host)]" : upstream.url.host
        let isStandard = upstream.url.port == (upstream.url.isSecure ? 443 : 80)
        host = isStandard ? name : "\(name):\(upstream.url.port)"
        headers = upstream.headers.map { ($0.name, $0.value.value) }
        ownNames = Set(upstream.headers.map { $0.name.lowercased() })
    }

    /// The head of a request to the server: the client's headers without what is meant for the gateway or for the
    /// connection only, and the gateway's credentials.
    ///
    /// - Parameters:
    ///   - length: bytes of the body; nil without one.
    ///   - dropsSession: whether the session header is left out.
    func head(for admission: Admission, length: Int?, dropsSession: Bool) -> HTTPRequestHead {
        var headers = HTTPHeaders()
        headers.reserveCapacity(admission.head.headers.count + self.headers.count + 3)
        headers.add(name: "Host", value: host)
        let named = admission.head.headers[canonicalForm: "connection"]
        for (name, value) in admission.head.headers {
            // Many servers read `_` in a name as `-`, and would see a header that was not looked at.
            if HTTPTarget.isOurs(name) || name.utf8.contains(UInt8(ascii: "_")) { continue }
            if dropsSession, RequestHead.matches(name, "mcp-session-id") { continue }
            if !ownNames.isEmpty, ownNames.contains(name.lowercased()) { continue }
            if !named.isEmpty, HTTPTarget.mayBeStripped(name),
                named.contains(where: { $0.lowercased() == name.lowercased() })
            {
                continue
            }
            headers.add(name: name, value: value)
        }
        for (name, value) in self.headers { headers.add(name: name, value: value) }
        // What is compressed could not be read.
        headers.add(name: "Accept-Encoding", value: "identity")
        if let length { headers.add(name: "Content-Length", value: String(length)) }
        return HTTPRequestHead(version: .http1_1, method: admission.head.method, uri: path, headers: headers)
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

/// The head of a server's answer as the client gets it.
enum AnswerHead {
    /// The server's headers without what belongs to its connection, and without cookies.
    static func forClient(_ head: HTTPResponseHead, keepsLength: Bool) -> HTTPResponseHead {
        var headers = HTTPHeaders()
        headers.reserveCapacity(head.headers.count)
        for (name, value) in head.headers {
            switch name.utf8.count {
            case 7 where RequestHead.matches(name, "trailer") || RequestHead.matches(name, "upgrade"): continue
            case 10
            where RequestHead.matches(name, "connection") || RequestHead.matches(name, "keep-alive")
                || RequestHead.matches(name, "set-cookie"):
                continue
            case 14 where !keepsLength && RequestHead.matches(name, "content-length"): continue
            case 16 where RequestHead.matches(name, "www-authenticate"): continue
            case 17 where RequestHead.matches(name, "transfer-encoding"): continue
            case 18 where RequestHead.matches(name, "proxy-authenticate"): continue
            default: headers.add(name: name, value: value)
            }
        }
        return HTTPResponseHead(version: .http1_1, status: head.status, headers: headers)
    }
}
