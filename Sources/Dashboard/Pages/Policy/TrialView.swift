import Replay
import Reports
import Terminal

/// What a backtest found.
enum TrialView {
    private static let shown = 100

    static func html(_ result: TrialResult) -> HTML {
        guard result.calls > 0, let first = result.first, let last = result.last else {
            return """
                <p class="notice" role="status">No call of the last \(Words.count(result.days, "day")) would have been decided \
                by this policy: there is nothing to compare.</p>
                """
        }
        return """
            <p role="status">\(Words.count(result.calls, "call")) from \(Words.moment(first)) to \(Words.moment(last)), \
            decided again.</p>
            <dl class="tiles">\(tile("Newly denied", result.newlyDenied, "bad"))\(tile("Newly allowed", result.newlyAllowed, "warn"))\
            \(tile("Not known", result.unknown, "warn"))\(tile("As they were", result.unchanged, "good"))</dl>
            \(table("Newly denied", result, .newlyDenied, "the rule that denies"))
            \(table("Newly allowed", result, .newlyAllowed, "the rule that denied"))
            \(table("Not known", result, .unknown, nil))
            \(gaps(result))
            """
    }

    private static func tile(_ name: String, _ count: Int, _ tone: String) -> HTML {
        "<div class=\"\(count > 0 ? tone : "plain")\"><dt>\(name)</dt><dd><strong>\(Words.count(count))</strong></dd></div>"
    }

    private static func table(
        _ title: String, _ result: TrialResult, _ change: BacktestReport.Change, _ rule: String?
    ) -> HTML {
        let all = result.rows.filter { $0.change == change }
        guard !all.isEmpty else { return "" }
        let rows = all.prefix(shown).map { row -> HTML in
            let agent: HTML =
                row.agent.map { "<a href=\"\(PageAddress.agent($0))\">\(VisibleText.of($0))</a>" } ?? "not known"
            let cell: HTML = rule == nil ? "" : "<td class=\"nm\"><code>\(VisibleText.of(row.rule ?? "–"))</code></td>"
            return """
                <tr><td class="nm">\(agent)</td><td class="nm">\(VisibleText.of(row.tool))</td>\
                <td class="num">\(Words.count(row.calls))</td>\(cell)</tr>
                """
        }
        let head: HTML = rule.map { "<th scope=\"col\">\($0)</th>" } ?? ""
        let more: HTML =
            all.count > shown ? "<p class=\"more\">\(Words.count(all.count - shown)) more rows.</p>" : ""
        return """
            <h3>\(title)</h3><div class="scroll" tabindex="0"><table><thead><tr><th scope="col">agent</th>\
            <th scope="col">tool</th><th scope="col" class="num">calls</th>\(head)</tr></thead>\
            <tbody>\(Array(rows))</tbody></table></div>\(more)
            """
    }

    private static func gaps(_ result: TrialResult) -> HTML {
        guard !result.gaps.isEmpty else { return "" }
        let items = result.gaps.map { gap -> HTML in
            """
            <li><code>\(VisibleText.of(gap.rule))</code>: not known in \(Words.count(gap.calls)) of \
            \(Words.count(gap.of, "call"))</li>
            """
        }
        return """
            <h3>Rules that cannot be replayed</h3><p class="hint">They look at arguments that the log does not keep. \
            <code>record</code> keeps one from now on.</p><ul>\(items)</ul>
            """
    }
}
