import Events
import Foundation
import Hummingbird
import Policy
import Replay
import Reports
import Terminal

/// A draft's way: made of a form, checked and shown beside the file, backtested, saved.
struct DraftPages: Sendable {
    let pages: PolicyPages
    private var site: Site { pages.site }
    private var drafts: PolicyDrafts { pages.drafts }

    init(pages: PolicyPages) {
        self.pages = pages
    }

    func add(to router: Router<DashboardContext>) {
        post(router, "/check") { form, card, _ in
            let bytes = try edited(form, card)
            let id = drafts.add(card.id, base: form["base"] ?? "", bytes, now: site.settings.now())
            guard let tool = form["edit"] else { return address(card, id) }
            return "/policy/\(PageAddress.segment(card.id))/rules/\(PageAddress.segment(tool))?draft=\(id)"
        }
        router.get("/policy/{id}/drafts/{draft}") { _, context -> Response in
            await site.answer("Policy", in: .policy, context) {
                let (id, name) = (ReportPages.name(context, "id"), ReportPages.name(context, "draft"))
                let (title, body) = try await site.work {
                    let card = try pages.card(id)
                    let draft = try drafts.draft(name, of: card.id)
                    let file = try pages.desk().text(of: card)
                    let view = DraftView(
                        card: card, draft: draft, file: file, reading: try pages.desk().check(draft.bytes, as: card),
                        old: try pages.desk().check(file.bytes, as: card).document,
                        csrf: site.shell.csrf(context.visitor))
                    return ("Policy \(VisibleText.of(card.name)): review", view.page())
                }
                return .page(site.shell.page(title, in: .policy, for: context.visitor, body))
            }
        }
        post(router, "/drafts/{draft}/backtest") { form, card, name in
            let draft = try drafts.draft(name, of: card.id)
            guard let days = form["days"].flatMap({ Int($0) }), PolicyTrials.days.contains(days) else {
                throw PageError(.badRequest, "A backtest is over the last 1, 7 or 28 days.")
            }
            let document = try checked(draft, card)
            if draft.trial?.isOver ?? true {
                pages.trials.begin(document, of: draft, card, days: days, in: drafts, now: site.settings.now)
            }
            return address(card, name) + "#backtest"
        }
        post(router, "/drafts/{draft}/rebase") { _, card, name in
            _ = try drafts.draft(name, of: card.id)
            drafts.rebase(name, on: try pages.desk().text(of: card).digest)
            return address(card, name)
        }
        post(router, "/drafts/{draft}/save") { form, card, name in
            let draft = try drafts.draft(name, of: card.id)
            let document = try checked(draft, card)
            if case .done? = draft.trial {
            } else if form["unseen"] != "1" {
                throw PageError(
                    .conflict, "It has not been backtested: do that first, or say that it is saved without.")
            }
            let saved = try pages.desk().save(draft.bytes, as: card, over: draft.base)
            pages.savings.add(
                PolicySavings.Saving(
                    at: site.settings.now(), digest: KeptPolicies.digest(of: document), inForce: saved.digest,
                    refusal: saved.refusal), of: card.id)
            drafts.remove(name)
            return "/policy/\(PageAddress.segment(card.id))?saved=1"
        }
    }

    private func address(_ card: PolicyCard, _ draft: String) -> String {
        "/policy/\(PageAddress.segment(card.id))/drafts/\(draft)"
    }

    private func post(
        _ router: Router<DashboardContext>, _ path: String,
        _ act: @escaping @Sendable (FormBody, PolicyCard, String) throws -> String
    ) {
        router.post(RouterPath("/policy/{id}\(path)")) { request, context -> Response in
            await site.answer("Policy", in: .policy, context) {
                let form = try await FormBody.read(request, context)
                let (id, draft) = (ReportPages.name(context, "id"), ReportPages.name(context, "draft"))
                do {
                    return .redirect(to: try await site.work { try act(form, try pages.card(id), draft) })
                } catch let broken as BrokenRules {
                    return try await again(broken, form, id, context)
                }
            }
        }
    }

    /// The editor of a tool's rules once more, with what was typed and what is wrong with it.
    private func again(
        _ broken: BrokenRules, _ form: FormBody, _ id: String, _ context: DashboardContext
    ) async throws -> Response {
        let (title, body) = try await site.work {
            let card = try pages.card(id)
            let view = PolicyEditorView(
                card: card, source: try pages.source(card, draft: form["draft"]),
                csrf: site.shell.csrf(context.visitor))
            return ("Policy \(VisibleText.of(card.name)): rules", view.rulesPage(broken))
        }
        return .page(site.shell.page(title, in: .policy, for: context.visitor, body), status: .badRequest)
    }

    private func checked(_ draft: PolicyDraft, _ card: PolicyCard) throws -> PolicyDocument {
        guard let document = try pages.desk().check(draft.bytes, as: card).document else {
            throw PageError(.conflict, "This text has errors: nothing is done with it before they are gone.")
        }
        return document
    }

    // MARK: What a form made of a text

    private func edited(_ form: FormBody, _ card: PolicyCard) throws -> [UInt8] {
        if form["from"] == "text" {
            // What somebody has typed is kept, whatever has become of the draft that it was begun from.
            let file = try (try? pages.source(card, draft: form["draft"])) ?? pages.source(card, draft: nil)
            return Self.lines(form["text"] ?? "", as: file.bytes)
        }
        let source = try pages.source(card, draft: form["draft"])
        // Choices are about the text that the page showed.
        guard source.base == form["base"] else {
            throw PageError(
                .conflict, "The policy's file has changed since this page was loaded: nothing was taken from it.",
                hint: "load the page again")
        }
        guard let text = PolicyText(source.bytes) else {
            throw PageError(.conflict, "This text is not edited tool by tool: edit it as text.")
        }
        if form["from"] == "rules" { return try rules(form, text) }
        return try chosen(form, text)
    }

    private func chosen(_ form: FormBody, _ text: PolicyText) throws -> [UInt8] {
        var text = text
        for (name, value) in form.fields where name.hasPrefix(PolicyEditorView.field) {
            let tool = String(name.dropFirst(PolicyEditorView.field.count))
            guard let state = ToolState(rawValue: value) else {
                throw PageError(.badRequest, "A tool is allowed, denied, hidden or has rules of its own.")
            }
            guard let next = text.setting(tool, to: state) else {
                throw PageError(.conflict, "\(VisibleText.of(tool)) cannot be set to \(state.rawValue) by itself.")
            }
            text = next
        }
        return text.bytes
    }

    private func rules(_ form: FormBody, _ text: PolicyText) throws -> [UInt8] {
        guard let tool = form["tool"] else { throw PageError(.badRequest, "No tool is named.") }
        let rules = form.text("rules").map { String(decoding: Self.lines($0, as: text.bytes), as: UTF8.self) }
        do {
            return try text.replacingRules(of: tool, with: rules)
        } catch {
            throw BrokenRules(tool: tool, rules: rules ?? "", why: "\(error)")
        }
    }

    /// A form's text with the line breaks of the file: browsers send CR LF, whatever stood there.
    static func lines(_ text: String, as file: [UInt8]) -> [UInt8] {
        let plain = text.replacing("\r\n", with: "\n")
        let hasReturns = String(decoding: file, as: UTF8.self).contains("\r\n")
        return Array((hasReturns ? plain.replacing("\n", with: "\r\n") : plain).utf8)
    }
}

/// Rules of a tool that are no JSON by themselves, so that nothing can be made of them.
struct BrokenRules: Error {
    var tool: String
    var rules: String
    var why: String
}
