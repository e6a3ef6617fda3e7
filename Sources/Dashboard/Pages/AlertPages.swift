import Alerts
import Events
import Foundation
import Hummingbird
import Reports
import StrictJSON
import Terminal

/// Alerts: what fires, its evidence, and what people do about it.
struct AlertPages: Sendable {
    let site: Site

    func add(to router: Router<DashboardContext>) {
        router.get("/alerts") { _, context -> Response in
            await site.answer("Alerts", in: .alerts, context) {
                let (standings, silences) = try await site.work {
                    let desk = AlertDeskView(site)
                    return (try desk.standings(), try desk.silences())
                }
                let body = list(standings, silences, context.visitor)
                return .page(site.shell.page("Alerts", in: .alerts, for: context.visitor, body))
            }
        }
        router.get("/alerts/{id}") { _, context -> Response in
            await site.answer("Alert", in: .alerts, context) {
                let id = ReportPages.name(context, "id")
                let found = try await site.work { try AlertDeskView(site).alert(id) }
                guard let found else {
                    throw PageError(.notFound, "There is no alert of this id.", hint: "tollgate alerts list --all")
                }
                let body = one(found.standing, found.deliveries, context.visitor)
                return .page(site.shell.page("Alert \(id)", in: .alerts, for: context.visitor, body))
            }
        }
        router.post("/alerts/{id}/acknowledge") { request, context -> Response in
            await act(request, context) { form, id in .acknowledge(id: id, reason: form.text("reason")) }
        }
        router.post("/alerts/{id}/silence") { request, context -> Response in
            await act(request, context) { form, id in
                let length = form.text("for") ?? ""
                guard let microseconds = TimeArgument.duration(length),
                    (1...366 * 86_400_000_000).contains(microseconds)
                else { throw PageError(.badRequest, "A silence lasts up to a year: 30m, 2h or 7d.") }
                guard let reason = form.text("reason"), reason.utf8.count <= 500 else {
                    throw PageError(.badRequest, "A silence needs a reason, of 1 to 500 bytes.")
                }
                guard let notice = try AlertDeskView(site).alert(id)?.standing.notice else {
                    throw PageError(.notFound, "There is no alert of this id.")
                }
                let given: [(AlertMatcher.Field, String?)] = [
                    (.rule, form["rule"] == nil ? nil : notice.rule), (.agent, notice.agent),
                    (.server, notice.server), (.tool, notice.tool),
                ]
                let matchers = given.compactMap { field, text in text.map { AlertMatcher(field, $0) } }
                return .silence(matchers: matchers, microseconds: microseconds, reason: reason, factor: nil)
            }
        }
        router.post("/silences/{id}/end") { request, context -> Response in
            await act(request, context) { _, id in .unsilence(id: id) }
        }
        router.get("/api/v1/alerts") { _, _ -> Response in
            await site.answerJSON { .json(try await site.work { try AlertDeskView(site).json() }) }
        }
    }

    /// Leaves a request with the watch and goes back to the alerts.
    private func act(
        _ request: Request, _ context: DashboardContext,
        _ make: @escaping @Sendable (FormBody, String) throws -> DeskRequest
    ) async -> Response {
        await site.answer("Alerts", in: .alerts, context) {
            let form = try await FormBody.read(request, context)
            let id = ReportPages.name(context, "id")
            let answer = try await site.work {
                try AlertDeskView(site).ask(try make(form, id))
            }
            if let refusal = answer?.refusal { throw PageError(.conflict, refusal, hint: "tollgate alerts list") }
            return .redirect(to: form["to"].map { LoginRoutes.target($0) } ?? "/alerts")
        }
    }

    // MARK: - Pages

    private func list(_ standings: [AlertStanding], _ silences: [Silence], _ visitor: Visitor) -> HTML {
        let open = standings.filter { $0.state != "resolved" }
        let over = standings.filter { $0.state == "resolved" }.suffix(100).reversed()
        let none: HTML = "<p class=\"quiet\">Nothing fires.</p>"
        let quiet = silences.map { silence -> HTML in
            """
            <tr><td>\(VisibleText.of(silence.summary))</td><td>\(VisibleText.of(silence.by))</td>\
            <td>\(VisibleText.of(silence.reason))</td>\
            <td><form method="post" action="/silences/\(PageAddress.segment(silence.id))/end">\(site.shell.csrf(visitor))\
            <button>End it</button></form></td></tr>
            """
        }
        let silenceTable: HTML =
            quiet.isEmpty
            ? "<p class=\"quiet\">No silence holds.</p>"
            : """
            <div class="scroll" tabindex="0"><table><thead><tr><th scope="col">silence</th><th scope="col">by</th>\
            <th scope="col">reason</th><th scope="col">end</th></tr></thead><tbody>\(quiet)</tbody></table></div>
            """
        return """
            <section><h2>Open</h2>\(open.isEmpty ? none : AlertTable.html(Array(open.reversed())))</section>
            <section><h2>Silences</h2>\(silenceTable)</section>
            <section><h2>Over</h2>\(over.isEmpty ? none : AlertTable.html(Array(over)))</section>
            """
    }

    private func one(_ standing: AlertStanding, _ deliveries: [QueuedDelivery], _ visitor: Visitor) -> HTML {
        let notice = standing.notice
        let facts: [(String, String?)] = [
            ("state", standing.state), ("rule", notice.rule), ("severity", notice.severity), ("agent", notice.agent),
            ("server", notice.server), ("tool", notice.tool),
            ("began", Words.moment(Timestamp(microseconds: notice.start))),
            ("ended", notice.end.map { Words.moment(Timestamp(microseconds: $0)) }), ("by", standing.who),
            ("reason", standing.reason),
        ]
        let rows = facts.compactMap { name, value -> HTML? in
            value.map { "<div><dt>\(name)</dt><dd>\(VisibleText.of($0))</dd></div>" }
        }
        let evidence = notice.evidence.sorted { $0.key < $1.key }.filter { $0.key != "id" }.map { name, value -> HTML in
            "<dt>\(name)</dt><dd>\(VisibleText.of(value))</dd>"
        }
        let sent = deliveries.map { one -> HTML in
            let state = "\(one.sink): \(one.state), \(Words.count(one.attempts, "attempt"))"
            return "<li>\(VisibleText.of(state + (one.error.map { ", \($0)" } ?? "")))</li>"
        }
        let told: HTML = sent.isEmpty ? "<p class=\"quiet\">It was sent to nobody.</p>" : "<ul>\(sent)</ul>"
        return """
            <article class="card \(AlertTable.edge(standing))">
            <h2>\(VisibleText.of(notice.summary))</h2><dl class="facts">\(rows)</dl>
            \(standing.state == "resolved" ? "" : actions(notice, visitor))
            </article>
            <section><h2>Evidence</h2><dl class="rows">\(evidence)</dl></section>
            <section><h2>Told</h2>\(told)</section>
            <p><a href="\(PageAddress.alert(notice.id))/explain">The calls that did it, and what would have changed it</a></p>
            """
    }

    private func actions(_ notice: AlertNotice, _ visitor: Visitor) -> HTML {
        let to = "/alerts/" + PageAddress.segment(notice.id)
        let csrf = site.shell.csrf(visitor)
        return """
            <div class="actions">
            <form method="post" action="\(to)/acknowledge" class="stack">\(csrf)<input type="hidden" name="to" value="\(to)">
            <h3>Acknowledge</h3><p class="hint">Somebody looks after it: it is told again only when it gets worse, and when \
            it is over.</p>
            <label for="ack-reason">Reason (may be left out)</label>
            <input id="ack-reason" name="reason" maxlength="500"><button class="main">Acknowledge</button></form>
            <form method="post" action="\(to)/silence" class="stack">\(csrf)<input type="hidden" name="to" value="\(to)">
            <h3>Silence</h3><p class="hint">Tell nobody of this agent and tool for a while; it is recorded all the same.</p>
            <label for="for">For how long</label><input id="for" name="for" value="2h" required size="6">
            <label class="check"><input type="checkbox" name="rule" value="1" checked> only the rule \(notice.rule)</label>
            <label for="why">Reason</label><input id="why" name="reason" maxlength="500" required>
            <button class="main">Silence</button></form>
            </div>
            """
    }
}
