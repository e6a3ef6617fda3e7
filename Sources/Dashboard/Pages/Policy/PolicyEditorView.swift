import Events
import Policy
import Replay
import Reports
import StrictJSON
import Terminal

/// The editors of one policy: tool by tool, all of its text, and the rules of one tool.
struct PolicyEditorView: Sendable {
    /// What a tool's choice is called in the form.
    static let field = "state:"

    let card: PolicyCard
    let source: PolicySource
    let csrf: HTML

    private var path: String { "/policy/\(PageAddress.segment(card.id))" }
    private var query: String { source.draft.map { "?draft=\($0)" } ?? "" }

    /// The page of a policy, with the editor by tool where its text can be edited so.
    ///
    /// - Parameters:
    ///   - tools: nil where the text is edited as text only.
    ///   - saved: what was saved just now.
    func page(
        _ tools: PolicyTools?, _ reading: PolicyReading, _ saved: PolicySavings.Saving?
    ) -> HTML {
        """
        \(saved.map(savedNotice))
        \(card.refusal.map { PolicyListView.refusal($0) })
        \(facts(reading))
        \(ways("tools"))
        \(tools.map { PolicyToolsView(editor: self).html($0, reading.document) } ?? textOnly(reading))
        """
    }

    /// The whole text in a field.
    func textPage() -> HTML {
        let rows = min(40, max(12, source.bytes.count { $0 == 0x0A } + 3))
        return """
            \(ways("text"))
            <form method="post" action="\(path)/check" class="editor">\(hidden("text"))
            <label for="text">The whole document</label>
            <textarea id="text" name="text" rows="\(rows)" spellcheck="false" autocapitalize="off" autocomplete="off">
            \(source.text)</textarea>
            <div class="bar"><button class="main">Check</button>\
            <span class="hint">Nothing is saved yet: errors, the difference and a backtest come first.</span></div></form>
            """
    }

    /// One tool's own object.
    func rulesPage(_ tool: String, _ entry: ToolEntry) -> HTML {
        let note: HTML = entry.rules == nil ? "<p class=\"hint\">It has none yet; this is one to begin with.</p>" : ""
        return rulesForm(tool, PolicyToolsView.flush(entry.rules ?? Self.template(tool)), note)
    }

    /// The same with rules that could not be taken.
    func rulesPage(_ broken: BrokenRules) -> HTML {
        rulesForm(
            broken.tool, broken.rules,
            """
            <p class="notice bad" role="alert">These rules are no JSON object by themselves: \(broken.why).</p>
            """)
    }

    private func rulesForm(_ tool: String, _ rules: String, _ note: HTML) -> HTML {
        let rows = min(30, max(8, rules.utf8.count { $0 == 0x0A } + 3))
        return """
            <p><a href="\(path)\(query)">All tools</a></p>
            <form method="post" action="\(path)/check" class="editor">\(hidden("rules"))
            <input type="hidden" name="tool" value="\(tool)">
            <label for="rules">Rules of <code>\(VisibleText.of(tool))</code></label>\(note)
            <textarea id="rules" name="rules" rows="\(rows)" spellcheck="false" autocapitalize="off" autocomplete="off">
            \(rules)</textarea>
            <div class="bar"><button class="main">Check</button>\
            <span class="hint">An object with any of limits, require, deny_if, approval, risk, record, mode. Left empty, \
            the tool is not listed any more.</span></div></form>
            """
    }

    private static func template(_ tool: String) -> String {
        let counter = JSONString.of(tool)
        return """
            {
              "limits": [ { "counter": \(counter), "window": "minute", "max": 60, "scope": "grant" } ]
            }
            """
    }

    /// What every form of an editor brings back.
    func hidden(_ from: String) -> HTML {
        let draft: HTML = source.draft.map { "<input type=\"hidden\" name=\"draft\" value=\"\($0)\">" } ?? ""
        return """
            \(csrf)<input type="hidden" name="from" value="\(from)"><input type="hidden" name="base" \
            value="\(source.base)">\(draft)
            """
    }

    var action: String { path + "/check" }

    var textAddress: String { "\(path)/text\(query)" }

    private func ways(_ here: String) -> HTML {
        let mark = { (name: String) -> HTML in name == here ? " aria-current=\"page\"" : "" }
        let draft: HTML =
            source.draft.map { id in
                "<p class=\"notice\">This is a draft, not what the file says: <a href=\"\(path)/drafts/\(id)\">its review</a> "
                    + "· <a href=\"\(path)\">begin again from the file</a></p>"
            } ?? ""
        return """
            \(draft)<nav class="span tabs" aria-label="Editors"><a href="\(path)\(query)"\(mark("tools"))>Tool by tool</a>\
            <a href="\(path)/text\(query)"\(mark("text"))>As text</a></nav>
            """
    }

    private func facts(_ reading: PolicyReading) -> HTML {
        let document = reading.document
        let mode = document?.mode ?? card.mode
        let shadow: HTML =
            mode == .shadow ? " <span class=\"warn\">verdicts are recorded, and every call passes</span>" : ""
        let other = document.map { $0.byDefault == .deny ? "denied" : "allowed" } ?? "–"
        let rows: [(String, HTML)] = [
            ("in force", PolicyListView.standing(card, document)), ("mode", "\(mode?.rawValue ?? "–")\(shadow)"),
            ("tools that it does not list", HTML(other)), ("decides for", PolicyListView.users(card)),
            (card.isWritable ? "file" : "kept copy", "<code>\(VisibleText.of(card.file))</code>"),
        ]
        let list = rows.map { name, value -> HTML in "<div><dt>\(name)</dt><dd>\(value)</dd></div>" }
        let note: HTML =
            card.isWritable
            ? ""
            : """
            <p class="notice">A gateway that <code>run</code> started reads its policy from a file that is not known here; this \
            is the copy that its log keeps. It can be tried out, and is not saved.</p>
            """
        return "<dl class=\"facts policy\">\(list)</dl>\(note)"
    }

    private func textOnly(_ reading: PolicyReading) -> HTML {
        let why: HTML
        if reading.document == nil {
            why = "it has errors, which are shown when it is checked"
        } else if card.isYAML {
            why = "it is YAML, whose comments and layout would be lost"
        } else {
            why = "it is in the shorthand (action, rate_limit), whose words the four states do not keep"
        }
        return """
            <p class="notice" role="status">This policy is edited as text only: \(why). \
            <a href="\(path)/text\(query)">Edit it as text</a></p>
            <section><h2>The document</h2><pre class="diff" tabindex="0"><code>\(source.text)</code></pre></section>
            """
    }

    private func savedNotice(_ saved: PolicySavings.Saving) -> HTML {
        let digest = saved.digest.description
        if saved.inForce == saved.digest {
            return """
                <p class="notice good" role="status">Saved \(Words.moment(saved.at)), and in force from the next call on: \
                <code>\(digest)</code>. What it was is kept beside it, as <code>.previous</code>.</p>
                """
        }
        let why =
            saved.inForce == nil
            ? "no gateway runs, the next one decides by it" : "the gateway still decides as it did before"
        let more: HTML = saved.refusal.map { "<pre><code>\($0)</code></pre>" } ?? ""
        return """
            <div class="notice warn" role="alert"><p>Saved \(Words.moment(saved.at)) as <code>\(digest)</code>; \(why).</p>\
            \(more)</div>
            """
    }
}

extension HTML {
    fileprivate static func + (a: HTML, b: HTML) -> HTML { .joined([a, b]) }
}
