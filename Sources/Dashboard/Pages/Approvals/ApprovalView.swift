import Events
import Reports
import Terminal

/// The approvals as a page.
struct ApprovalView: Sendable {
    private static let shown = 50
    let site: Site
    let visitor: Visitor

    func page(
        _ waiting: Result<[WaitingCall], DeskRefusal>, _ past: [DecidedCall], _ expired: Int, done: DecidedCall?
    ) -> HTML {
        let notice: HTML =
            done.map { "<p class=\"notice good\" role=\"status\">\(VisibleText.of($0.id)) is \($0.words).</p>" } ?? ""
        return """
            \(notice)
            \(open(waiting))
            <section><h2>Decided in the last 7 days</h2>\(table(past))\(ended(expired))</section>
            """
    }

    private func open(_ waiting: Result<[WaitingCall], DeskRefusal>) -> HTML {
        switch waiting {
        case .failure(let refusal):
            let hint: HTML = refusal.hint.map { " <code>\($0)</code>" } ?? ""
            return "<p class=\"notice warn\" role=\"status\">\(refusal.message)\(hint)</p>"
        case .success(let calls):
            let pending = calls.filter { $0.approvedBy == nil }
            let approved = calls.filter { $0.approvedBy != nil }
            let none: HTML = "<p class=\"quiet\">No call waits for a person.</p>"
            let more: HTML =
                approved.isEmpty
                ? ""
                : """
                <section><h2>Approved, and not called again yet</h2>\
                <p class="hint">The next call with the same arguments goes on, once. Until then it can be taken back.</p>\
                \(approved.map(card))</section>
                """
            let ids = calls.map(\.id).joined(separator: " ")
            return """
                <section><h2>Waiting</h2>
                <p class="quiet" role="status" data-live="approvals" data-known="\(ids)">\
                \(Words.count(pending.count, "call")) as of \(Words.time(site.settings.now())). \
                <a href="/approvals">Look again</a></p>
                \(pending.isEmpty ? none : "")\(pending.map(card))</section>\(more)
                """
        }
    }

    private func card(_ call: WaitingCall) -> HTML {
        let field = "m-" + PageAddress.segment(call.id)
        let isApproved = call.approvedBy != nil
        let left = Words.duration(microseconds: Int64(call.secondsLeft) * 1_000_000)
        let approve: HTML =
            isApproved ? "" : "<button class=\"main\" name=\"decision\" value=\"approve\">Approve</button>"
        let deny = isApproved ? "Take it back" : "Deny"
        let risk: HTML = call.risk.map { "<span class=\"tag \(Self.tone($0))\">\($0)</span>" } ?? ""
        return """
            <article class="card \(isApproved ? "good" : "warn")" aria-label="\(VisibleText.of(call.id))">
            <h3><a href="\(PageAddress.tool(call.server, call.tool))">\(VisibleText.of(call.tool))</a> \
            on \(VisibleText.of(call.server)) \(risk)</h3>
            <p class="ask">\(VisibleText.of(call.reason))</p>
            <dl class="facts">\(facts(call, left))</dl>
            <form method="post" action="/approvals/\(PageAddress.segment(call.id))/decide" class="decide">\
            \(site.shell.csrf(visitor))
            <label for="\(field)">Message (a refused caller is told; it stands in the log)</label>
            <input id="\(field)" name="message" maxlength="500" autocomplete="off">
            <div class="bar">\(approve)<button class="danger" name="decision" value="deny">\(deny)</button></div></form>
            </article>
            """
    }

    private func facts(_ call: WaitingCall, _ left: String) -> [HTML] {
        var rows: [(String, HTML)] = []
        let agent = call.agent.map { name -> HTML in
            "<a href=\"\(PageAddress.agent(name))\">\(VisibleText.of(name))</a>"
        }
        rows.append(("agent", agent ?? "not known"))
        let caller = [call.grant.map { "grant \($0)" }, call.client].compactMap { $0 }.joined(separator: ", ")
        if !caller.isEmpty { rows.append(("called with", HTML(VisibleText.of(caller)))) }
        let keys = call.argumentKeys.map { VisibleText.of($0) }.joined(separator: ", ")
        let others = call.otherKeys > 0 ? " and \(Words.count(call.otherKeys)) more" : ""
        let bytes = call.argumentBytes.map { ", \(Words.count($0)) bytes" } ?? ""
        rows.append(("arguments", HTML(keys.isEmpty ? "none" : keys + others + bytes)))
        let values = call.recorded.map { text -> HTML in "<code>\(VisibleText.of(text))</code> " }
        rows.append(("recorded values", values.isEmpty ? "none: the policy's \"record\" names none" : .joined(values)))
        rows.append(("since", HTML(Words.moment(call.since))))
        if let by = call.approvedBy {
            rows.append(("approved by", HTML(VisibleText.of(by))))
        } else {
            rows.append(("caller", call.callerWaits ? "holds the request open" : "was told to call again"))
        }
        rows.append(("ends by itself", HTML("in \(left)")))
        rows.append(
            ("id and rule", "<code>\(VisibleText.of(call.id))</code> <code>\(VisibleText.of(call.rule))</code>"))
        return rows.map { name, value in "<div><dt>\(name)</dt><dd>\(value)</dd></div>" }
    }

    static func tone(_ risk: String) -> String {
        switch risk {
        case "destructive", "financial": "bad"
        case "execute", "unknown": "warn"
        default: "plain"
        }
    }

    private func table(_ past: [DecidedCall]) -> HTML {
        guard !past.isEmpty else { return "<p class=\"quiet\">None.</p>" }
        let rows = past.prefix(Self.shown).map { call -> HTML in
            """
            <tr><td>\(Words.moment(call.at))</td><td class="nm">\(VisibleText.of(call.id))</td>\
            <td class="\(call.state == "approved" ? "good" : "bad")">\(VisibleText.of(call.state))</td>\
            <td>\(VisibleText.of(call.by))</td><td class="nm">\(VisibleText.of(call.agent ?? "–"))</td>\
            <td class="nm">\(VisibleText.of(call.tool ?? "–"))</td>\
            <td class="wide">\(VisibleText.of(call.message ?? "–"))</td></tr>
            """
        }
        return """
            <div class="scroll" tabindex="0"><table><thead><tr><th scope="col">when</th><th scope="col">id</th>\
            <th scope="col">decision</th><th scope="col">by</th><th scope="col">agent</th><th scope="col">tool</th>\
            <th scope="col">message</th></tr></thead><tbody>\(Array(rows))</tbody></table></div>
            """
    }

    private func ended(_ expired: Int) -> HTML {
        guard expired > 0 else { return "" }
        return """
            <p class="more">\(Words.count(expired, "call")) ended because nobody decided in time, or the approval was not used: \
            <a href="/denials?span=7d">denials</a>.</p>
            """
    }
}
