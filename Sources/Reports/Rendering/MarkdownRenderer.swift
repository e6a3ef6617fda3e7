import Terminal

/// A document as GitHub-flavoured Markdown, for chats, wikis and issues.
struct MarkdownRenderer {
    /// The document, ending in a newline.
    func render(_ document: Document) -> String {
        var text = "# \(escape(document.title))\n\n\(prose(document.subtitle))\n\n"
        if !document.verdict.isEmpty { text += "> **\(prose(Prose([.text(document.verdict.plain)])))**\n\n" }
        text += document.blocks.map { render($0, level: 2) }.joined(separator: "\n")
        if !document.footer.isEmpty {
            text += "\n---\n\n" + document.footer.map(prose).joined(separator: "  \n") + "\n"
        }
        return text
    }

    private func render(_ block: Block, level: Int) -> String {
        switch block {
        case .section(let section):
            let lead = section.lead.isEmpty ? "" : "_\(prose(section.lead))_\n\n"
            let heading = "\(String(repeating: "#", count: level)) \(escape(section.title))\n\n"
            return heading + lead + section.blocks.map { render($0, level: level + 1) }.joined(separator: "\n")
        case .paragraph(let text, _): return prose(text) + "\n"
        case .tiles(let tiles):
            return tiles.map { "- **\(escape($0.value))** \(escape($0.label)) – \(prose($0.note))\n" }.joined()
        case .table(let table): return render(table)
        case .chart(let chart): return render(chart)
        case .card(let card): return render(card, level: level)
        case .list(let items): return items.map { "- \(prose($0))\n" }.joined()
        case .definitions(let definitions):
            return definitions.map { "- **\(escape($0.term))**: \(prose($0.meaning))\n" }.joined()
        case .code(_, let caption, let code): return "\(prose(caption))\n\n```\n\(fenced(code))\n```\n"
        }
    }

    private func render(_ table: Table) -> String {
        guard !table.rows.isEmpty else { return prose(table.empty) + "\n" }
        var text = table.caption.isEmpty ? "" : "**\(escape(table.caption))**\n\n"
        text += row(table.columns.map { escape($0.title) })
        text += row(table.columns.map { $0.isNumber ? "---:" : "---" })
        for cells in table.rows {
            text += row(cells.map { $0.spark.isEmpty ? prose($0.prose, inTable: true) : Sparkline.of($0.spark) })
        }
        if !table.more.isEmpty { text += "\n\(prose(table.more))\n" }
        return text
    }

    private func row(_ cells: [String]) -> String {
        "| " + cells.joined(separator: " | ") + " |\n"
    }

    private func render(_ chart: Chart) -> String {
        guard case .heat(let heat) = chart.kind else {
            guard case .bars(let bars) = chart.kind else { return "" }
            let totals = bars.labels.indices.map { index in bars.layers.reduce(0) { $0 + $1.values[index] } }
            return "`\(Sparkline.of(totals))` \(escape(bars.unit)). \(prose(chart.alternative))\n"
        }
        guard heat.writesNumbers else {
            let top = heat.rows.flatMap(\.values).max() ?? 0
            let rows = heat.rows.map { row in
                "\(DisplayWidth.pad(row.label.plain, to: 5))\(Sparkline.of(row.values, maximum: top))  \(row.note)\n"
            }
            return "```\n" + fenced(rows.joined()) + "```\n\n\(prose(chart.alternative))\n"
        }
        var text = row([""] + heat.columns.map(escape) + ["sum"])
        text += row(["---"] + heat.columns.map { _ in "---:" } + ["---:"])
        for line in heat.rows {
            text += row([prose(line.label, inTable: true)] + line.values.map { Words.count($0) } + [escape(line.note)])
        }
        return text + "\n\(prose(chart.alternative))\n"
    }

    private func render(_ card: Card, level: Int) -> String {
        var text = "\(String(repeating: "#", count: level)) \(prose(card.title)) – \(escape(card.badge))\n\n"
        text += card.facts.map { "- \(escape($0.label)): \(prose($0.value))\n" }.joined()
        return text + "\n" + card.blocks.map { render($0, level: level + 1) }.joined(separator: "\n")
    }

    private func prose(_ prose: Prose) -> String { self.prose(prose, inTable: false) }

    private func prose(_ prose: Prose, inTable: Bool) -> String {
        prose.spans.map { span in
            switch span {
            case .text(let text): escape(text)
            case .strong(let text): "**\(escape(text))**"
            case .name(let text), .code(let text): code(text, inTable: inTable)
            }
        }.joined()
    }

    /// A code span; its fence is longer than any run of backticks inside (CommonMark 6.1).
    private func code(_ text: String, inTable: Bool) -> String {
        var longest = 0
        var run = 0
        for scalar in text.unicodeScalars {
            run = scalar == "`" ? run + 1 : 0
            longest = max(longest, run)
        }
        let fence = String(repeating: "`", count: longest + 1)
        let pad = longest > 0 ? " " : ""
        // In a table a pipe ends the cell even inside a code span (GFM 4.10).
        let safe = inTable ? text.replacing("|", with: "\\|") : text
        return text.isEmpty ? "" : fence + pad + safe + pad + fence
    }

    /// Text in a fenced block: nothing of ours or theirs may end the fence.
    private func fenced(_ text: String) -> String {
        text.replacing("```", with: "'''")
    }

    private func escape(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            if "\\`*_{}[]<>#|~!&".unicodeScalars.contains(scalar) { result += "\\" }
            result.unicodeScalars.append(scalar)
        }
        return result
    }
}
