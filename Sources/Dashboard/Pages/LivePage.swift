import Hummingbird
import Reports
import Terminal

/// The tail as a page: the newest lines, and with a script those that come.
struct LivePage: Sendable {
    private static let shown = 200
    let site: Site

    func add(to router: Router<DashboardContext>) {
        router.get("/live") { request, context -> Response in
            let filter = LiveFilter(request)
            return .page(site.shell.page("Live", in: .live, for: context.visitor, body(filter)))
        }
        router.get("/live/events") { request, _ -> Response in
            // A browser that comes back says up to where it has read.
            let last = request.headers.value("Last-Event-ID").flatMap { UInt64($0) }
            let from = last.map { $0 + 1 } ?? request.uri.queryParameters["from"].flatMap { UInt64($0) }
            return LiveStream(feed: site.feed, filter: LiveFilter(request), from: from).response
        }
        router.get("/api/v1/live") { request, _ -> Response in
            let filter = LiveFilter(request)
            let events = site.feed.newest(Self.shown) { filter.passes($0) }
            return .json("{\"lines\":[\(events.map(\.json).joined(separator: ","))]}\n")
        }
    }

    private func body(_ filter: LiveFilter) -> HTML {
        let next = site.feed.next
        let events = site.feed.newest(Self.shown) { $0.number < next && filter.passes($0) }
        let rows = events.reversed().map(Self.row)
        let mark: HTML = filter.onlyNotable ? " checked" : ""
        return """
            <form method="get" action="/live" class="bar" role="search">
            <label for="q">Search</label><input id="q" name="q" type="search" value="\(filter.text)" \
            placeholder="agent, tool, rule">
            <label class="check"><input type="checkbox" name="notable" value="1"\(mark)> only what was stopped or is news</label>
            <button>Show</button>
            <button type="button" data-action="pause" aria-pressed="false" hidden>Pause</button>
            </form>
            <p class="quiet" data-live="status" role="status">The newest \(Self.shown) lines. \
            <a href="/live">Load again</a> for newer ones.</p>
            <div class="scroll" tabindex="0"><table class="live"><caption class="hide">Decisions, the newest first</caption>\
            <thead><tr><th scope="col">time</th><th scope="col">agent</th><th scope="col">tool</th>\
            <th scope="col">decision</th><th scope="col">rule or reason</th><th scope="col">rate</th></tr></thead>
            <tbody data-live="lines" data-from="\(next)">\(rows)</tbody></table></div>
            """
    }

    static func row(_ event: LiveEvent) -> HTML {
        let time: HTML = "<td class=\"tm\">\(Words.time(event.moment))</td>"
        guard event.kind != .notice else {
            return "<tr class=\"\(event.tone)\">\(time)<td colspan=\"5\">\(event.why)</td></tr>\n"
        }
        return """
            <tr class="\(event.tone)">\(time)<td>\(event.agent)</td><td>\(event.target)</td>\
            <td class="dc"><a href="/explain/\(event.record)">\(event.decision)</a></td><td>\(event.why)</td><td>\(event.rate)</td></tr>

            """
    }
}
