import Events
import Hummingbird
import Policy
import StrictJSON

/// The policies for programs: what is in force, what a document says of each tool, and checking another.
struct PolicyAnswers: Sendable {
    let pages: PolicyPages
    private var site: Site { pages.site }

    init(pages: PolicyPages) {
        self.pages = pages
    }

    func add(to router: Router<DashboardContext>) {
        router.get("/api/v1/policies") { _, _ -> Response in
            await site.answerJSON {
                let cards = try await site.work { try pages.desk().policies() }
                return .json("{\"policies\":[\(cards.map { object($0) }.joined(separator: ","))]}\n")
            }
        }
        router.get("/api/v1/policies/{id}") { _, context -> Response in
            await site.answerJSON {
                let id = ReportPages.name(context, "id")
                return .json(try await site.work { try one(try pages.card(id)) })
            }
        }
        router.post("/api/v1/policies/{id}/check") { request, context -> Response in
            await site.answerJSON {
                let body = try await JSONBody.read(request, context, site).texts(["text"])
                let id = ReportPages.name(context, "id")
                guard let text = body["text"] else { throw PageError(.badRequest, "the body has no \"text\"") }
                let reading = try await site.work { try pages.desk().check(Array(text.utf8), as: try pages.card(id)) }
                return .json("{\(found(reading))}\n")
            }
        }
    }

    private func found(_ reading: PolicyReading) -> String {
        "\"ok\":\(reading.document != nil),\"errors\":\(PolicyProblems.json(reading.errors)),"
            + "\"warnings\":\(PolicyProblems.json(reading.warnings))"
    }

    private func object(_ card: PolicyCard, _ more: String = "") -> String {
        let texts: [(String, String?)] = [
            ("id", card.id), ("name", card.name), ("file", card.file), ("in_force", card.inForce?.description),
            ("mode", card.mode?.rawValue), ("refusal", card.refusal),
        ]
        let users = card.users?.map { user in
            let servers = user.servers.map { JSONString.of($0) }.joined(separator: ",")
            return
                "{\"id\":\(JSONString.of(user.grant)),\"agent\":\(JSONString.of(user.agent)),\"servers\":[\(servers)]}"
        }
        let parts = texts.compactMap { name, value in value.map { "\"\(name)\":\(JSONString.of($0))" } }
        let grants = users.map { ",\"grants\":[\($0.joined(separator: ","))]" } ?? ""
        return "{\(parts.joined(separator: ",")),\"writable\":\(card.isWritable)\(grants)\(more)}"
    }

    private func one(_ card: PolicyCard) throws -> String {
        let desk = try pages.desk()
        let file = try desk.text(of: card)
        let store = try? site.stores.open(site.settings.warehouse)
        let tools = PolicyText(file.bytes).map { text in
            PolicyToolRow.all(text, card, listed: desk.listedTools(of: card), store: store, now: site.settings.now())
                .rows
        }
        let rows = (tools ?? []).map { row in
            "{\"tool\":\(JSONString.of(row.tool)),\"state\":\"\(row.entry.state.rawValue)\","
                + "\"class\":\"\(row.risk?.rawValue ?? "unknown")\",\"listed\":\(row.isListed),"
                + "\"changed\":\(row.hasChanged),\"calls\":\(row.calls),\"stopped\":\(row.stopped)}"
        }
        let text = String(decoding: file.bytes, as: UTF8.self)
        let more =
            ",\"digest\":\"\(file.digest)\",\"text\":\(JSONString.of(text)),\(found(desk.check(file.bytes, as: card))),"
            + "\"tools\":[\(rows.joined(separator: ","))]"
        return object(card, more) + "\n"
    }
}
