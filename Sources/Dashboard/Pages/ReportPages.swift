import Events
import Foundation
import Hummingbird
import Reports
import Warehouse

/// Agents, tools and denials: the reports of the command line as pages, with their JSON beside them.
struct ReportPages: Sendable {
    let site: Site

    /// A report of all agents and tools.
    private struct Listing: Sendable {
        let name: String
        let place: PageShell.Place
        let title: String
        let make: @Sendable (WarehouseStore, Period) throws -> any Report

        var path: String { "/\(name)" }

        func html(_ store: WarehouseStore, _ period: Period) throws -> HTML {
            try ReportFragment.html(try make(store, period), links: Site.links)
        }
    }

    private static let listings = [
        Listing(name: "agents", place: .agents, title: "Agents") { try RatesReport.make(from: $0, in: $1) },
        Listing(name: "tools", place: .tools, title: "Tools") { try RatesReport.make(from: $0, in: $1).toolsFirst },
        Listing(name: "denials", place: .denials, title: "Denials") { try DenialsReport.make(from: $0, in: $1) },
        Listing(name: "limits", place: .tools, title: "Limits") { try LimitsReport.make(from: $0, in: $1) },
    ]

    func add(to router: Router<DashboardContext>) {
        for one in Self.listings {
            router.get(RouterPath(one.path)) { request, context -> Response in
                await site.page(one.title, in: one.place, context, path: one.path, span: Span(request), one.html)
            }
            let path = "/api/v1/\(one.name)"
            router.get(RouterPath(path)) { request, _ -> Response in
                await site.json(path, span: Span(request)) { try one.make($0, $1).json() }
            }
        }
        router.get("/agents/{agent}") { request, context -> Response in
            let name = Self.name(context, "agent")
            let path = PageAddress.agent(name)
            return await site.page(name, in: .agents, context, path: path, span: Span(request)) { store, period in
                try ReportFragment.html(
                    try AgentReport.make(of: name, from: store, in: period), links: Site.links)
            }
        }
        router.get("/tools/{server}/{tool}") { request, context -> Response in
            let server = Self.name(context, "server")
            let tool = Self.name(context, "tool")
            let path = PageAddress.tool(server, tool)
            let span = Span(request)
            // The chart's limit is that of a day.
            return await site.page(
                "\(server) · \(tool)", in: .tools, context, path: path, span: span,
                longest: span == .hour ? .day : span
            ) { store, period in
                let report = try ToolReport.make(of: "\(server)/\(tool)", from: store, in: period)
                let minutes = try MinuteChart(server: server, tool: tool).html(store)
                return "\(minutes)\(try ReportFragment.html(report, links: Site.links))"
            }
        }
    }

    /// Has made once, in the background, what a person reaches first: of the times that have many records all reports, of a
    /// day, then of a week, then of four.
    func order() async {
        // Where there is no warehouse yet, nothing has many records.
        let spans = try? await site.work { try [Span.day, .week, .month].filter(site.isKept) }
        for span in spans ?? [] {
            for one in Self.listings { site.order(one.path, span, one.html) }
        }
    }

    /// A name in the path, decoded.
    static func name(_ context: DashboardContext, _ key: String) -> String {
        let text = context.parameters.get(key) ?? ""
        return text.removingPercentEncoding ?? text
    }
}
