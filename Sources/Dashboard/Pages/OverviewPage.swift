import Alerts
import Events
import Hummingbird
import Reports
import StrictJSON
import Terminal
import Warehouse

/// The first page: how busy, how much refused, who is at work, what fires, how far everything is loaded.
struct OverviewPage: Sendable {
    let site: Site

    func add(to router: Router<DashboardContext>) {
        router.get("/") { _, context -> Response in
            await site.answer("Overview", in: .overview, context) {
                let parts = try await site.work { try self.parts() }
                return .page(site.shell.page("Overview", in: .overview, for: context.visitor, body(parts)))
            }
        }
        router.get("/api/v1/overview") { _, _ -> Response in
            await site.answerJSON { .json(json(try await site.work { try self.parts() })) }
        }
    }

    private struct Parts: Sendable {
        var day: (calls: Int, stopped: Int, agents: Int)?
        var firing: [AlertStanding] = []
        var logs: [LogLag] = []
        var problem: PageError?
    }

    private func parts() throws -> Parts {
        var parts = Parts()
        parts.firing = try AlertDeskView(site).standings().filter { $0.state != "resolved" }
        do {
            let store = try site.stores.open(site.settings.warehouse)
            let now = site.settings.now()
            // The running hour and the 23 before it: sums by the hour, whatever the warehouse holds.
            let glance = try store.glance(at: Period(from: now.advanced(by: -23 * 3_600_000_000), to: now))
            parts.day = (glance.counts.calls, glance.counts.stopped, glance.agents)
            parts.logs = LogLag.all(site.settings.logs(), try store.logCoverage(), now: now)
        } catch {
            parts.problem = Site.problem(error)
        }
        return parts
    }

    private func body(_ parts: Parts) -> HTML {
        let (seconds, agents) = site.feed.pulse(seconds: 60)
        let ten = seconds.suffix(10).reduce(LivePulse.Second(), +)
        let minute = seconds.reduce(LivePulse.Second(), +)
        let day = parts.day ?? (0, 0, 0)
        let share = day.calls > 0 ? Words.percent(Double(day.stopped) / Double(day.calls)) : "–"
        let pages = parts.firing.filter { $0.notice.severity == "page" }.count
        let lag = parts.logs.map(\.seconds).max() ?? 0
        return """
            <section aria-labelledby="now"><h2 id="now">Now</h2>
            <dl class="tiles" data-live="pulse">
            <div><dt>Calls per second</dt><dd><strong data-pulse="rate">\(Words.decimal(Double(ten.all) / 10))</strong>\
            <span>mean of 10 s; <b data-pulse="minute">\(Words.count(minute.all))</b> in the last minute</span></dd></div>
            <div><dt>Stopped, last minute</dt><dd><strong data-pulse="stopped">\
            \(Words.count(minute.denied + minute.throttled))</strong><span>denied or throttled</span></dd></div>
            <div><dt>Agents at work</dt><dd><strong data-pulse="agents">\(Words.count(agents))</strong>\
            <span>called in the last 5 minutes</span></dd></div>
            <div class="\(pages > 0 ? "bad" : parts.firing.isEmpty ? "good" : "warn")"><dt>Alerts open</dt>\
            <dd><strong>\(Words.count(parts.firing.count))</strong><span>\(Words.count(pages, "page"))</span></dd></div>
            <div><dt>Last 24 hours</dt><dd><strong>\(Words.count(day.calls))</strong>\
            <span>calls of \(Words.count(day.agents, "agent")), \(share) stopped</span></dd></div>
            <div class="\(lag > 60 ? "warn" : "good")"><dt>Loaded up to</dt><dd><strong>\(Self.age(lag))</strong>\
            <span>behind the logs</span></dd></div>
            </dl>
            \(PulseChart.html(seconds))
            </section>
            \(problem(parts.problem))
            \(alerts(parts.firing))
            \(LogLag.table(parts.logs))
            """
    }

    private static func age(_ seconds: Int) -> String {
        seconds < 1 ? "0 s" : Words.duration(microseconds: Int64(seconds) * 1_000_000)
    }

    private func problem(_ problem: PageError?) -> HTML {
        guard let problem else { return "" }
        let hint: HTML = problem.hint.map { " <code>\($0)</code>" } ?? ""
        return "<p class=\"notice warn\" role=\"status\">\(problem.message)\(hint)</p>"
    }

    private func alerts(_ firing: [AlertStanding]) -> HTML {
        guard !firing.isEmpty else {
            return "<section><h2>Open alerts</h2><p class=\"quiet\">Nothing fires.</p></section>"
        }
        return "<section><h2>Open alerts</h2>\(AlertTable.html(firing))</section>"
    }

    private func json(_ parts: Parts) -> String {
        let (seconds, agents) = site.feed.pulse(seconds: 60)
        let minute = seconds.reduce(LivePulse.Second(), +)
        let day = parts.day ?? (0, 0, 0)
        let logs = parts.logs.map {
            "{\"log\":\(JSONString.of($0.name)),\"behind_records\":\($0.records),\"behind_seconds\":\($0.seconds)}"
        }
        return """
            {"minute":{"calls":\(minute.all),"allowed":\(minute.allowed),"denied":\(minute.denied),\
            "throttled":\(minute.throttled),"held":\(minute.held)},"active_agents":\(agents),\
            "day":{"calls":\(day.calls),"stopped":\(day.stopped),"agents":\(day.agents)},\
            "alerts_open":\(parts.firing.count),"logs":[\(logs.joined(separator: ","))]}

            """
    }
}
