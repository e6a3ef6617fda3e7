import Events
import Foundation
import Hummingbird
import Reports
import Warehouse

/// Agents, tools and denials: the reports of the command line as pages, with their JSON beside them.
struct ReportPages: Sendable {
    let site: Site

    func add(to router: Router<DashboardContext>) {
        both(router, "agents", .agents, "Agents") { store, period in
            try RatesReport.make(from: store, in: period)
        }
        both(router, "tools", .tools, "Tools") { store, period in
            try RatesReport.make(from: store, in: period).toolsFirst
        }
        both(router, "limits", .tools, "Limits") { store, period in try LimitsReport.make(from: store, in: period) }
        both(router, "denials", .denials, "Denials") { store, period in
            try DenialsReport.make(from: store, in: period)
        }
        router.get("/agents/{agent}") { request, context -> Response in
            let name = Self.name(context, "agent")
            let span = Span(request)
            return await site.page(name, in: .agents, context, aside: span.choice(PageAddress.agent(name))) { store in
                let period = try span.period(in: store)
                return try ReportFragment.html(
                    try AgentReport.make(of: name, from: store, in: period), links: Site.links)
            }
        }
        router.get("/tools/{server}/{tool}") { request, context -> Response in
            let server = Self.name(context, "server")
            let tool = Self.name(context, "tool")
            let span = Span(request)
            let aside = span.choice(PageAddress.tool(server, tool))
            return await site.page("\(server) · \(tool)", in: .tools, context, aside: aside) { store in
                let period = try span.period(in: store)
                let report = try ToolReport.make(of: "\(server)/\(tool)", from: store, in: period)
                let minutes = try MinuteChart(server: server, tool: tool).html(store, period.to)
                return "\(minutes)\(try ReportFragment.html(report, links: Site.links))"
            }
        }
    }

    /// A report as a page, and as JSON.
    private func both(
        _ router: Router<DashboardContext>, _ name: String, _ place: PageShell.Place, _ title: String,
        _ make: @escaping @Sendable (WarehouseStore, Period) throws -> some Report
    ) {
        router.get(RouterPath("/\(name)")) { request, context -> Response in
            let span = Span(request)
            return await site.page(title, in: place, context, aside: span.choice("/\(name)")) { store in
                try ReportFragment.html(try make(store, try span.period(in: store)), links: Site.links)
            }
        }
        router.get(RouterPath("/api/v1/\(name)")) { request, _ -> Response in
            let span = Span(request)
            return await site.json { store in try make(store, try span.period(in: store)).json() }
        }
    }

    /// A name in the path, decoded.
    static func name(_ context: DashboardContext, _ key: String) -> String {
        let text = context.parameters.get(key) ?? ""
        return text.removingPercentEncoding ?? text
    }
}
