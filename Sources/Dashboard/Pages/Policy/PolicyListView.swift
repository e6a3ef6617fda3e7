import Events
import Policy
import Replay
import Reports
import Terminal

/// The policies as a table.
enum PolicyListView {
    /// - Throws: `DeskRefusal`.
    static func make(_ desk: any PolicyDesk) throws -> HTML {
        let cards = try desk.policies()
        guard !cards.isEmpty else {
            return """
                <p class="notice">There is no policy. Without one <code>serve</code> denies every call, and \
                <code>run</code> lets every call pass and records it.</p>
                """
        }
        let rows = cards.map { card -> HTML in
            let reading = (try? desk.text(of: card)).map { desk.check($0.bytes, as: card) }
            let address = "/policy/\(PageAddress.segment(card.id))"
            let document = reading?.document
            let tools = document.map { "\(Words.count($0.tools.count)) listed, \(Words.count($0.hide.count)) hidden" }
            return """
                <tr><th scope="row" class="nm"><a href="\(address)">\(VisibleText.of(card.name))</a></th>\
                <td>\(card.mode?.rawValue ?? document?.mode.rawValue ?? "–")</td>\
                <td>\(document?.byDefault.rawValue ?? "–")</td><td>\(tools ?? "–")</td>\
                <td class="wide">\(users(card))</td><td>\(standing(card, document))</td>\
                <td class="nm"><code>\(VisibleText.of(card.file))</code></td></tr>
                """
        }
        return """
            \(cards.lazy.compactMap(\.refusal).first.map(refusal))
            <div class="scroll" tabindex="0"><table class="policies"><thead><tr><th scope="col">policy</th>\
            <th scope="col">mode</th><th scope="col">other tools</th><th scope="col">tools</th>\
            <th scope="col">decides for</th><th scope="col">in force</th><th scope="col">file</th></tr></thead>\
            <tbody>\(rows)</tbody></table></div>
            """
    }

    /// Which agents it decides for.
    static func users(_ card: PolicyCard) -> HTML {
        guard let users = card.users else { return "calls of the log that keeps it" }
        guard !users.isEmpty else { return "<span class=\"quiet\">no grant names it</span>" }
        let agents = Array(Set(users.map(\.agent))).sorted()
        let links = agents.prefix(8).map { agent -> HTML in
            "<a href=\"\(PageAddress.agent(agent))\">\(VisibleText.of(agent))</a> "
        }
        let more = agents.count > 8 ? "and \(agents.count - 8) more " : ""
        return "\(Array(links))\(more)<span class=\"quiet\">(\(Words.count(users.count, "grant")))</span>"
    }

    /// Whether the gateway decides by what the file says.
    static func standing(_ card: PolicyCard, _ document: PolicyDocument?) -> HTML {
        guard card.isWritable else { return card.inForce.map { "<code>\($0.description)</code>" } ?? "–" }
        guard let inForce = card.inForce else { return "<span class=\"warn\">no gateway runs</span>" }
        let digest = document.map { KeptPolicies.digest(of: $0) }
        guard let digest, digest == inForce else {
            return "<code>\(inForce.description)</code> <span class=\"warn\">the file says something else</span>"
        }
        return "<code>\(inForce.description)</code> <span class=\"good\">as the file</span>"
    }

    static func refusal(_ text: String) -> HTML {
        """
        <div class="notice bad" role="alert"><p>The gateway goes on as it was: it refuses what its files say now.</p>\
        <pre><code>\(text)</code></pre></div>
        """
    }
}
