import Hummingbird
import Reports

/// The way in and out, where a token is set.
struct LoginRoutes: Sendable {
    let site: Site
    let secrets: Secrets

    func add(to router: Router<DashboardContext>) {
        router.get("/login") { request, context -> Response in
            guard secrets.asksForToken else { return .redirect(to: "/") }
            return form(context, to: Self.target(request.uri.queryParameters["to"].map(String.init)), isWrong: false)
        }
        router.post("/login") { request, context -> Response in
            await site.answer("Log in", in: nil, context) {
                let form = try await FormBody.read(request, context)
                let target = Self.target(form["to"])
                guard secrets.isToken(form["token"] ?? "") else {
                    // Nobody guesses 256 bits; whoever tries is slowed down all the same.
                    try await Task.sleep(for: .milliseconds(300))
                    return self.form(context, to: target, isWrong: true)
                }
                var response = Response.redirect(to: target)
                response.setCookie(AccessMiddleware.cookie(secrets.openSession(now: site.settings.now())))
                return response
            }
        }
        router.post("/logout") { request, context -> Response in
            await site.answer("Log out", in: nil, context) {
                _ = try await FormBody.read(request, context)
                secrets.close(context.visitor.id)
                return .redirect(to: "/login")
            }
        }
    }

    /// Where to go afterwards: a page of ours, whatever the address says.
    static func target(_ text: String?) -> String {
        guard let text, text.hasPrefix("/"), !text.hasPrefix("//"), !text.contains("\\"),
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { return "/" }
        return text
    }

    private func form(_ context: DashboardContext, to target: String, isWrong: Bool) -> Response {
        let problem: HTML =
            isWrong ? "<p class=\"notice bad\" role=\"alert\">This is not the dashboard's token.</p>" : ""
        let page = site.shell.page(
            "Log in", in: nil, for: context.visitor,
            """
            \(problem)
            <form method="post" action="/login" class="stack">
            \(site.shell.csrf(context.visitor))<input type="hidden" name="to" value="\(target)">
            <label for="token">Token</label>
            <input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
            <p class="hint">Its SHA-256 stands in the configuration, under "dashboard".</p>
            <button class="main">Log in</button>
            </form>
            """)
        return .page(page, status: isWrong ? .forbidden : .ok)
    }
}
