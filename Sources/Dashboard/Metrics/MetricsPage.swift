import Hummingbird

/// `/metrics`, for Prometheus: open as the other pages are, or with the token in `authorization`.
struct MetricsPage: Sendable {
    let site: Site

    func add(to router: Router<DashboardContext>) {
        router.get("/metrics") { _, _ -> Response in
            do {
                let text = try await site.work { site.metrics.page() }
                return .text(.ok, text, type: MetricsDesk.contentType)
            } catch {
                return .plain(.serviceUnavailable, "the dashboard is ending\n")
            }
        }
    }
}
