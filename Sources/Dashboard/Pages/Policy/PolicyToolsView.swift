import Events
import Policy
import Reports
import Terminal

/// The editor by tool: a row for each, and four states to choose from.
struct PolicyToolsView: Sendable {
    let editor: PolicyEditorView

    func html(_ tools: PolicyTools, _ document: PolicyDocument?) -> HTML {
        guard !tools.rows.isEmpty else {
            return """
                <p class="quiet">No tool is known yet: none is named here, none was listed by a server since the gateway runs, \
                none was called in the last \(Int(PolicyToolRow.days)) days.</p>
                """
        }
        let all: HTML =
            document?.hide.contains("*") ?? false
            ? """
            <p class="notice warn">"*" under hide hides all tools: take it away <a href="\(editor.textAddress)">in the text</a> before single \
            tools are chosen.</p>
            """ : ""
        let more: HTML =
            tools.left > 0 ? "<p class=\"more\">\(Words.count(tools.left)) more tools are not shown.</p>" : ""
        let unlisted: HTML =
            tools.unlistedCalls > 0
            ? """
            <p class="more">\(Words.count(tools.unlistedCalls, "call")) in 28 days asked for tools that no server lists and this \
            policy does not name: <a href="/denials?span=28d">denials</a>.</p>
            """ : ""
        return """
            \(all)
            <form method="post" action="\(editor.action)" class="editor">\(editor.hidden("tools"))
            <div class="bar"><button class="main">Check</button><span class="hint">Nothing is saved yet: errors, the difference \
            and a backtest come first. Only the tools that you change are touched in the file.</span></div>
            <table class="choice"><caption class="hide">What becomes of each tool's calls</caption><thead><tr>\
            <th scope="col">tool</th><th scope="col">class</th><th scope="col" class="num">calls, 28 days</th>\
            <th scope="col" class="num">stopped</th><th scope="col">its calls are</th><th scope="col">own rules</th></tr></thead>
            <tbody>\(tools.rows.enumerated().map { row($0.offset, $0.element) })</tbody></table>\(more)\(unlisted)
            <div class="bar end"><button class="main">Check</button></div></form>
            """
    }

    private func row(_ index: Int, _ row: PolicyToolRow) -> HTML {
        let name = VisibleText.of(row.tool)
        let link: HTML =
            row.servers.first.map { "<a href=\"\(PageAddress.tool($0, row.tool))\">\(name)</a>" } ?? "\(name)"
        let servers = row.servers.isEmpty ? "neither listed nor called" : row.servers.sorted().joined(separator: ", ")
        let changed: HTML = row.hasChanged ? " <span class=\"tag warn\">definition changed</span>" : ""
        let risk = row.risk?.rawValue ?? "unknown"
        let word: HTML = row.isPolicysClass ? " <span class=\"quiet\">by policy</span>" : ""
        let stopped: HTML = row.stopped > 0 ? "<span class=\"warn\">\(Words.count(row.stopped))</span>" : "0"
        return """
            <tr><th scope="row" class="nm">\(link)\(changed)<span class="sub">\(VisibleText.of(servers))</span></th>\
            <td data-name="class"><span class="tag \(ApprovalView.tone(risk))">\(risk)</span>\(word)</td>\
            <td class="num" data-name="calls">\(Words.count(row.calls))</td>\
            <td class="num" data-name="stopped">\(stopped)</td><td>\(states(index, row, name))</td>\
            <td data-name="own rules">\(rules(row, name))</td></tr>

            """
    }

    private func states(_ index: Int, _ row: PolicyToolRow, _ name: String) -> HTML {
        let field = PolicyEditorView.field + row.tool
        let choices = ToolState.allCases.map { state -> HTML in
            let id = "s\(index)-\(state.rawValue)"
            let isOut = row.entry.isHiddenWithAll || state == .custom && !row.entry.hasOwnRules
            let mark: HTML = state == row.entry.state ? " checked" : ""
            let out: HTML = isOut && state != row.entry.state ? " disabled" : ""
            return """
                <label class="s-\(state.rawValue)" for="\(id)"><input type="radio" id="\(id)" name="\(field)" \
                value="\(state.rawValue)"\(mark)\(out)> \(state.rawValue)</label>
                """
        }
        return "<fieldset class=\"states\"><legend class=\"hide\">\(name)</legend>\(choices)</fieldset>"
    }

    private func rules(_ row: PolicyToolRow, _ name: String) -> HTML {
        let button: HTML = """
            <button class="link" name="edit" value="\(row.tool)">\(row.entry.hasOwnRules ? "edit" : "write")\
            <span class="hide"> the rules of \(name)</span></button>
            """
        guard row.entry.hasOwnRules, let rules = row.entry.rules else { return button }
        return """
            \(button)<details><summary>show<span class="hide"> the rules of \(name)</span></summary>\
            <pre><code>\(Self.flush(rules))</code></pre></details>
            """
    }

    /// Rules as they stand in the document, moved to the left margin.
    static func flush(_ rules: String) -> String {
        let lines = rules.split(separator: "\n", omittingEmptySubsequences: false)
        let inset =
            lines.dropFirst().filter { $0.contains { !$0.isWhitespace } }
            .map { $0.prefix { $0 == " " }.count }.min() ?? 0
        return ([lines[0]] + lines.dropFirst().map { $0.dropFirst(min(inset, $0.prefix { $0 == " " }.count)) })
            .joined(separator: "\n")
    }
}
