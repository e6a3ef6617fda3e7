import Events
import Foundation
import Hummingbird
import Policy
import Reports
import Terminal

/// Policies: what is in force, and changing it: chosen tool by tool or as text, checked, backtested, and only then saved.
struct PolicyPages: Sendable {
    let site: Site
    let drafts = PolicyDrafts()
    let trials = PolicyTrials()
    let savings = PolicySavings()

    func add(to router: Router<DashboardContext>) {
        router.get("/policy") { _, context -> Response in
            await site.answer("Policy", in: .policy, context) {
                let list = try await site.work { try PolicyListView.make(try desk()) }
                return .page(site.shell.page("Policies", in: .policy, for: context.visitor, list))
            }
        }
        page(router, "", "") { card, source, context in
            let now = site.settings.now()
            let desk = try desk()
            let store = try? site.stores.open(site.settings.warehouse)
            let tools = PolicyText(source.bytes).map { text in
                PolicyToolRow.all(text, card, listed: desk.listedTools(of: card), store: store, now: now)
            }
            let view = PolicyEditorView(card: card, source: source, csrf: site.shell.csrf(context.visitor))
            let saved = savings.newest(card.id)
            return view.page(tools, desk.check(source.bytes, as: card), source.isSaved ? saved : nil)
        }
        page(router, "/text", ": text") { card, source, context in
            PolicyEditorView(card: card, source: source, csrf: site.shell.csrf(context.visitor)).textPage()
        }
        page(router, "/rules/{tool}", ": rules") { card, source, context in
            let tool = ReportPages.name(context, "tool")
            guard let text = PolicyText(source.bytes) else {
                throw PageError(.conflict, "This text is not edited tool by tool: edit it as text.")
            }
            return PolicyEditorView(card: card, source: source, csrf: site.shell.csrf(context.visitor))
                .rulesPage(tool, text.entry(of: tool))
        }
        DraftPages(pages: self).add(to: router)
        PolicyAnswers(pages: self).add(to: router)
    }

    /// A page about one policy, made of its file or of a draft.
    private func page(
        _ router: Router<DashboardContext>, _ path: String, _ title: String,
        _ make: @escaping @Sendable (PolicyCard, PolicySource, DashboardContext) throws -> HTML
    ) {
        router.get(RouterPath("/policy/{id}\(path)")) { request, context -> Response in
            await site.answer("Policy", in: .policy, context) {
                let id = ReportPages.name(context, "id")
                let draft = request.uri.queryParameters["draft"].map(String.init)
                let isSaved = request.uri.queryParameters["saved"] != nil
                let (name, body) = try await site.work {
                    let card = try card(id)
                    var source = try source(card, draft: draft)
                    source.isSaved = isSaved
                    return (card.name, try make(card, source, context))
                }
                let heading = "Policy \(VisibleText.of(name))\(title)"
                return .page(site.shell.page(heading, in: .policy, for: context.visitor, body))
            }
        }
    }

    func desk() throws -> any PolicyDesk {
        guard let desk = site.settings.policies else {
            throw PageError(.notFound, "There is no policy to look at here.", hint: "tollgate serve --config FILE")
        }
        return desk
    }

    /// Only a policy of the list: what stands in an address names no file.
    func card(_ id: String) throws -> PolicyCard {
        guard let card = try desk().policies().first(where: { $0.id == id }) else {
            throw PageError(.notFound, "There is no such policy.")
        }
        return card
    }

    /// What an editor begins with: a draft's text, else the file's.
    func source(_ card: PolicyCard, draft id: String?) throws -> PolicySource {
        if let id {
            let draft = try drafts.draft(id, of: card.id)
            return PolicySource(bytes: draft.bytes, base: draft.base, draft: id)
        }
        let file = try desk().text(of: card)
        return PolicySource(bytes: file.bytes, base: file.digest, draft: nil)
    }
}

/// What an editor begins with.
struct PolicySource: Sendable {
    var bytes: [UInt8]
    /// The digest of the file that it is, or was, made of.
    var base: String
    /// The draft that it is; nil for the file.
    var draft: String?
    /// Whether the page is shown because something was saved.
    var isSaved = false

    var text: String { String(decoding: bytes, as: UTF8.self) }
}
