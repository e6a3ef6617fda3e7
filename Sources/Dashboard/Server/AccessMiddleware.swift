import Events
import Foundation
import Hummingbird

/// Lets in who may see the pages, and takes only forms that stand on them.
///
/// - A `Host` that is not ours is refused: a page of another site could otherwise read ours by a name that it makes point here
///   (DNS rebinding).
/// - Where no token is set, the other end has to be a process of the user that this runs as: whoever else is on this machine, an
///   agent that waits for an approval, say, reaches the port as well.
/// - Where a token is set, it comes as `Authorization: Bearer`, or a browser has shown it and holds a cookie.
/// - What changes something is a POST with what only our pages know, from our origin (CSRF), or it brings the token itself.
struct AccessMiddleware: RouterMiddleware {
    static let cookie = "tollgate_dashboard"
    /// What is handed out to everybody: the way in, and what its page needs.
    private static let open: Set<String> = ["/login", "/assets/app.css", "/assets/app.js"]

    /// What every user of this machine may read where no token is set: figures for a Prometheus, which has a user of its own.
    private static let anyUser: Set<String> = ["/metrics"]

    let secrets: Secrets
    let hosts: Set<String>
    let now: @Sendable () -> Timestamp

    func handle(
        _ request: Request, context: DashboardContext,
        next: (Request, DashboardContext) async throws -> Response
    ) async throws -> Response {
        let path = request.uri.path
        guard isOurs(request.head.authority ?? "") else {
            return .plain(
                .forbidden, "this name is not one of the dashboard's: add it to \"dashboard\".\"hosts\"\n")
        }
        if !secrets.asksForToken, !Self.anyUser.contains(path), !isOwn(context) {
            return .plain(
                .forbidden,
                "without a token the dashboard is for the user that it runs as: set \"dashboard\".\"token_sha256\"\n")
        }
        var context = context
        let bearer = request.headers[.authorization].flatMap(Self.bearer)
        if let bearer, secrets.asksForToken {
            guard secrets.isToken(bearer) else { return unauthorized(nil, path) }
            context.visitor = Visitor(id: "", csrf: "", isProgram: true)
            return try await next(request, context)
        }
        let known = request.cookies[Self.cookie]?.value ?? ""
        let hasSession = secrets.isOpen(known, now: now())
        if secrets.asksForToken, !hasSession, !Self.open.contains(path) { return unauthorized(request, path) }
        let isNew = !hasSession && !Self.isNumber(known)
        let id = isNew ? Secrets.number() : known
        context.visitor = Visitor(id: id, csrf: secrets.csrf(of: id), isProgram: false)
        if request.method != .get, request.method != .head, let problem = foreign(request) {
            return .plain(.forbidden, problem)
        }
        var response = try await next(request, context)
        if isNew, !path.hasPrefix("/assets/"), response.headers[.setCookie] == nil {
            response.setCookie(Self.cookie(id))
        }
        return response
    }

    static func cookie(_ id: String) -> Cookie {
        Cookie(name: cookie, value: id, path: "/", httpOnly: true, sameSite: .strict)
    }

    /// Why a request that changes something does not come from our pages; nil where it may.
    ///
    /// The form itself is looked at by whoever reads it.
    private func foreign(_ request: Request) -> String? {
        if let site = request.headers.value("Sec-Fetch-Site"), site != "same-origin", site != "none" {
            return "this form was sent from another site\n"
        }
        if let origin = request.headers[.origin] {
            let host = request.head.authority ?? ""
            guard origin == "http://\(host)" || origin == "https://\(host)" else {
                return "this form was sent from another origin\n"
            }
        }
        return nil
    }

    /// Whether the connection is of the user that this runs as, or of root.
    private func isOwn(_ context: DashboardContext) -> Bool {
        guard let user = PeerOwner.user(of: context.channel) else { return false }
        return user == geteuid() || user == 0
    }

    private func isOurs(_ authority: String) -> Bool {
        let name = Self.hostName(authority)
        return DashboardSettings.isLoopback(name) || hosts.contains(name)
    }

    /// A person is led to the page that asks for the token; a program is told.
    private func unauthorized(_ request: Request?, _ path: String) -> Response {
        guard let request, request.method == .get, !path.hasPrefix("/api/"),
            request.headers[.accept]?.contains("text/html") ?? false
        else {
            var response = Response.plain(.unauthorized, "the dashboard's token is needed: Authorization: Bearer …\n")
            response.headers[.wwwAuthenticate] = "Bearer"
            return response
        }
        return .redirect(to: "/login?to=" + PageAddress.segment(request.uri.string))
    }

    /// `Host` without its port, in lower case.
    static func hostName(_ authority: String) -> String {
        let text = authority.lowercased()
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") { return String(text[...end]) }
        return String(text.prefix { $0 != ":" })
    }

    private static func bearer(_ value: String) -> String? {
        let parts = value.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return String(parts[1])
    }

    private static func isNumber(_ text: String) -> Bool {
        text.utf8.count == 64 && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}
