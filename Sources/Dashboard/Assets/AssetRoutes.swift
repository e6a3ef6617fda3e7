import Hummingbird
import Reports

/// The pages' style, script and picture: in the binary, so that nothing has to lie beside it.
enum AssetRoutes {
    static func add(to router: Router<DashboardContext>) {
        serve(router, "app.css", "text/css; charset=utf-8", ReportStyle.css + DashboardStyle.css)
        serve(router, "app.js", "text/javascript; charset=utf-8", DashboardScript.text)
        serve(
            router, "icon.svg", "image/svg+xml",
            """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#1f5aa8"/>\
            <path d="M3 12V5M13 12V5M3 7.5h10" stroke="#fff" stroke-width="2" fill="none"/></svg>
            """)
    }

    private static func serve(
        _ router: Router<DashboardContext>, _ name: String, _ type: String, _ text: String
    ) {
        router.get(RouterPath("/assets/\(name)")) { _, _ -> Response in
            var response = Response.text(.ok, text, type: type)
            // The address has the program's version in it.
            response.headers[.cacheControl] = "max-age=86400"
            return response
        }
    }
}
