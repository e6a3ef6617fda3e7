import Reports
import Terminal

/// What all pages have around them: head, the way to the others, foot.
struct PageShell: Sendable {
    /// The pages, in the order in which they stand.
    enum Place: String, CaseIterable, Sendable {
        case overview, live, agents, tools, denials, alerts, approvals, policy, log

        var title: String { rawValue.prefix(1).uppercased() + rawValue.dropFirst() }

        var path: String { self == .overview ? "/" : "/\(rawValue)" }
    }

    let version: String
    /// Whether there is a session to leave.
    let hasLogin: Bool

    /// A page.
    ///
    /// - Parameters:
    ///   - title: its heading.
    ///   - place: where it belongs.
    ///   - visitor: whose page it is.
    ///   - aside: what stands beside the heading, such as a choice of times.
    ///   - body: what it shows.
    func page(
        _ title: String, in place: Place?, for visitor: Visitor, aside: HTML = "", _ body: HTML
    ) -> HTML {
        let title = VisibleText.of(title)
        let ways = Place.allCases.map { one -> HTML in
            let mark: HTML = one == place ? " aria-current=\"page\"" : ""
            return "<a href=\"\(one.path)\"\(mark)>\(one.title)</a>"
        }
        let leave: HTML =
            hasLogin && place != nil
            ? "<form method=\"post\" action=\"/logout\">\(csrf(visitor))<button class=\"quiet\">Log out</button></form>"
            : ""
        return """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>\(title) · tollgate</title>
            <link rel="stylesheet" href="/assets/app.css?\(version)">
            <link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
            <script src="/assets/app.js?\(version)" defer></script>
            </head>
            <body>
            <a class="skip" href="#content">To the content</a>
            <header class="top"><a class="brand" href="/">tollgate</a>
            <nav aria-label="Pages">\(ways)</nav>\(leave)</header>
            <main id="content" tabindex="-1">
            <div class="title"><h1>\(title)</h1>\(aside)</div>
            \(body)
            </main>
            <footer class="foot">tollgate \(version) · times are UTC</footer>
            </body>
            </html>

            """
    }

    /// What a form on a page brings back.
    func csrf(_ visitor: Visitor) -> HTML {
        "<input type=\"hidden\" name=\"csrf\" value=\"\(visitor.csrf)\">"
    }

    /// A page that says why there is none.
    func problem(_ title: String, _ text: String, hint: String?, in place: Place?, for visitor: Visitor) -> HTML {
        let help: HTML = hint.map { "<p>Try: <code>\($0)</code></p>" } ?? ""
        return page(
            title, in: place, for: visitor, "<div class=\"notice bad\" role=\"alert\"><p>\(text)</p>\(help)</div>")
    }
}
