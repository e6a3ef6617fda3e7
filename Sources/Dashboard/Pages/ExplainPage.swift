import AuditLog
import Events
import Hummingbird
import Replay
import Reports
import Terminal

/// Why a call was decided as it was, or why an alert fired: what `tollgate explain` says, as a page.
struct ExplainPage: Sendable {
    private static let mostCalls = 24
    let site: Site

    func add(to router: Router<DashboardContext>) {
        router.get("/explain/{log}/{seq}") { _, context -> Response in
            let log = ReportPages.name(context, "log")
            let seq = ReportPages.name(context, "seq")
            return await page(context, in: .live) {
                guard let number = UInt64(seq), let found = site.settings.logs().first(where: { $0.name == log }) else {
                    throw PageError(.notFound, "There is no such record.", hint: "tollgate tail")
                }
                return try DecisionExplainer(number, of: found).explanation()
            }
        }
        router.get("/alerts/{id}/explain") { _, context -> Response in
            let id = ReportPages.name(context, "id")
            return await page(context, in: .alerts) {
                try AlertExplainer(id, in: site.settings.logs()).explanation()
            }
        }
    }

    private func page(
        _ context: DashboardContext, in place: PageShell.Place, _ make: @escaping @Sendable () throws -> Explanation
    ) async -> Response {
        await site.answer("Explanation", in: place, context) {
            let explanation = try await site.work {
                do {
                    return try make()
                } catch let missing as UnexplainedRecord {
                    throw PageError(.notFound, missing.description, hint: "tollgate tail, or tollgate report alerts")
                }
            }
            let title = VisibleText.of(explanation.subject)
            return .page(site.shell.page(title, in: place, for: context.visitor, body(explanation)))
        }
    }

    private func body(_ explanation: Explanation) -> HTML {
        let facts = explanation.parameters.map { name, value -> HTML in
            "<div><dt>\(VisibleText.of(name))</dt><dd>\(VisibleText.of(value))</dd></div>"
        }
        let changes = explanation.changes.map { change -> HTML in "<li>\(VisibleText.of(change))</li>" }
        let would: HTML =
            changes.isEmpty ? "" : "<section><h2>What would have changed it</h2><ul>\(changes)</ul></section>"
        return """
            <p class="verdict">\(VisibleText.of(explanation.sentence))</p>
            <dl class="facts">\(facts)</dl>
            \(chart(explanation))\(calls(explanation))\(would)
            """
    }

    private func chart(_ explanation: Explanation) -> HTML? {
        guard let chart = explanation.chart else { return nil }
        let count = chart.passed.count
        let labels = (0..<count).map { index -> String in
            guard index % max(1, count / 6) == 0 else { return "" }
            return Words.time(chart.from.advanced(by: Int64(index * chart.stepSeconds) * 1_000_000))
        }
        let (passed, stopped) = (chart.passed.reduce(0, +), chart.stopped.reduce(0, +))
        let words =
            "\(VisibleText.of(explanation.chartOf)): \(Words.count(passed)) passed, \(Words.count(stopped)) stopped."
        let drawing = PageChart.bars(
            unit: "calls per \(chart.stepSeconds) s", labels: labels,
            layers: [.init("passed", .plain, chart.passed), .init("stopped", .bad, chart.stopped)], alternative: words)
        return "<section><h2>Timeline</h2>\(drawing)</section>"
    }

    private func calls(_ explanation: Explanation) -> HTML? {
        guard !explanation.calls.isEmpty else { return nil }
        let rows = explanation.calls.suffix(Self.mostCalls).map { call -> HTML in
            "<tr><td class=\"num\">\(call.seq)</td><td>\(Words.time(call.at))</td><td class=\"num\">\(call.cost)</td></tr>"
        }
        let left = explanation.calls.count - rows.count
        let more: HTML = left > 0 ? "<p class=\"more\">\(Words.count(left)) before them.</p>" : ""
        return """
            <section><h2>\(VisibleText.of(explanation.callsAre)): \(Words.count(explanation.calls.count))</h2>\
            <div class="scroll" tabindex="0"><table><thead><tr><th scope="col" class="num">seq</th>\
            <th scope="col">time</th><th scope="col" class="num">counts</th></tr></thead><tbody>\(rows)</tbody></table></div>\
            \(more)</section>
            """
    }
}
