import Mustache

/// A document as one HTML file: no scripts, nothing loaded, readable in a mail, on a phone, in the dark and on paper.
struct PageRenderer {
    /// Where a name in a table leads; nil for nowhere.
    var link: PageLinks?

    /// What stands between a page's head and foot: sentence, figures, tables, charts.
    func fragment(_ document: Document) throws(ReportError) -> HTML {
        let pieces = try Pieces(link: link)
        return
            "<p class=\"verdict \(document.tone.rawValue)\">\(HTML(document.verdict))</p>\n\(pieces.html(document.blocks))"
    }

    /// The page, ending in a newline.
    func render(_ document: Document) throws(ReportError) -> String {
        let pieces = try Pieces(link: link)
        let sections = document.blocks.compactMap { block -> Section? in
            if case .section(let section) = block { section } else { nil }
        }
        let view: [String: Any] = [
            "title": HTML(document.title), "style": HTML(trusted: PageStyle.css), "verdict": HTML(document.verdict),
            "tone": HTML(document.tone.rawValue), "subtitle": HTML(document.subtitle), "hasNav": sections.count > 2,
            "nav": sections.map { ["id": HTML($0.id), "name": HTML($0.title)] },
            "blocks": pieces.html(document.blocks), "footer": document.footer.map { HTML($0) },
        ]
        return pieces.fill("page", view).markup
    }

    /// The parsed templates and the parts of a page that they make.
    private struct Pieces {
        private let library: MustacheLibrary
        private let link: PageLinks?

        init(link: PageLinks?) throws(ReportError) {
            self.link = link
            var library = MustacheLibrary()
            do {
                try library.register(PageTemplate.page, named: "page")
                try library.register(PageTemplate.section, named: "section")
                try library.register(PageTemplate.tiles, named: "tiles")
                try library.register(PageTemplate.table, named: "table")
                try library.register(PageTemplate.chart, named: "chart")
                try library.register(PageTemplate.card, named: "card")
            } catch {
                throw ReportError(.internal, "a page template does not parse")
            }
            self.library = library
        }

        func fill(_ template: String, _ view: [String: Any]) -> HTML {
            HTML(trusted: library.render(view, withTemplate: template) ?? "")
        }

        func html(_ blocks: [Block]) -> HTML {
            .joined(blocks.map(html))
        }

        private func html(_ block: Block) -> HTML {
            switch block {
            case .section(let section):
                fill(
                    "section",
                    [
                        "id": HTML(section.id), "title": HTML(section.title), "lead": HTML(section.lead),
                        "blocks": html(section.blocks),
                    ])
            case .paragraph(let prose, let tone):
                HTML(trusted: "<p class=\"para \(tone.rawValue)\">\(HTML(prose).markup)</p>\n")
            case .tiles(let tiles): html(tiles)
            case .table(let table): html(table)
            case .chart(let chart): html(chart)
            case .card(let card): html(card)
            case .list(let items):
                HTML(trusted: "<ul>\(items.map { "<li>\(HTML($0).markup)</li>" }.joined())</ul>\n")
            case .definitions(let definitions):
                HTML(
                    trusted: "<dl class=\"defs\">"
                        + definitions.map { "<dt>\(HTML($0.term).markup)</dt><dd>\(HTML($0.meaning).markup)</dd>" }
                        .joined()
                        + "</dl>\n")
            case .code(let id, let caption, let text):
                HTML(
                    trusted: "<div class=\"cd\"\(id.map { " id=\"\(HTML($0).markup)\"" } ?? "")>"
                        + "<p>\(HTML(caption).markup)</p><pre><code>\(HTML(text).markup)</code></pre></div>\n")
            }
        }

        private func html(_ tiles: [Tile]) -> HTML {
            fill(
                "tiles",
                [
                    "tiles": tiles.map {
                        [
                            "tone": HTML($0.tone.rawValue), "label": HTML($0.label), "value": HTML($0.value),
                            "note": HTML($0.note),
                        ]
                    }
                ])
        }

        private func html(_ table: Table) -> HTML {
            let head = table.columns.map { column in
                "<th scope=\"col\"\(column.isNumber ? " class=\"num\"" : "")>\(HTML(column.title).markup)</th>"
            }
            return fill(
                "table",
                [
                    "caption": HTML(table.caption), "query": link(table.query), "isEmpty": table.rows.isEmpty,
                    "empty": HTML(table.empty), "head": HTML(trusted: head.joined()),
                    "rows": table.rows.map { row($0, table.columns) }, "more": HTML(table.more),
                ])
        }

        private func row(_ cells: [Table.Cell], _ columns: [Table.Column]) -> HTML {
            let target = link.map { $0.targets(of: cells, columns) } ?? [:]
            return .joined(
                zip(cells, columns).map { cell, column in
                    var classes = column.isNumber ? ["num"] : column.isName ? ["nm"] : []
                    if cell.tone != .plain { classes.append(cell.tone.rawValue) }
                    let attribute = classes.isEmpty ? "" : " class=\"\(classes.joined(separator: " "))\""
                    let content =
                        cell.spark.isEmpty
                        ? HTML(cell.prose) : SparkBars.html(cell.spark, alternative: cell.prose.plain)
                    let linked: HTML = target[column.title].map { "<a href=\"\($0)\">\(content)</a>" } ?? content
                    return HTML(trusted: "<td\(attribute)>\(linked.markup)</td>")
                })
        }

        private func html(_ chart: Chart) -> HTML {
            var legend = ""
            let drawing: HTML
            switch chart.kind {
            case .bars(let bars):
                drawing = BarChart(bars: bars).html(alternative: chart.alternative.plain)
                let seen = bars.layers.filter { $0.values.contains { $0 > 0 } }
                legend = seen.count < 2 && bars.band == nil ? "" : seen.map(key).joined()
                if let band = bars.band { legend += key("bd", band.name) }
            case .heat(let heat): drawing = HeatMap(heat: heat).html(alternative: chart.alternative.plain)
            }
            return fill(
                "chart",
                [
                    "drawing": drawing, "legend": HTML(trusted: legend), "alternative": HTML(chart.alternative),
                    "query": link(chart.query),
                ])
        }

        private func key(_ layer: Chart.Bars.Layer) -> String { key(layer.tone.rawValue, layer.name) }

        private func key(_ name: String, _ words: String) -> String {
            "<span class=\"key\"><i class=\"k-\(name)\"></i>\(HTML(words).markup)</span>"
        }

        private func html(_ card: Card) -> HTML {
            fill(
                "card",
                [
                    "tone": HTML(card.tone.rawValue), "title": HTML(card.title), "badge": HTML(card.badge),
                    "wide": HTML(trusted: card.isWide ? " wide" : ""),
                    "facts": card.facts.map { ["label": HTML($0.label), "value": HTML($0.value)] },
                    "blocks": html(card.blocks),
                ])
        }

        /// A part of another page has no appendix to lead to.
        private func link(_ query: String?) -> HTML {
            guard link == nil else { return "" }
            return HTML(trusted: query.map { " <a href=\"#q-\(HTML($0).markup)\">query</a>" } ?? "")
        }
    }
}
