/// Where the names in a report's tables lead, on pages that have more than one report.
package struct PageLinks: Sendable {
    /// The address of an agent's page.
    package var agent: @Sendable (String) -> String
    /// The address of a tool's page, by server and name.
    package var tool: @Sendable (String, String) -> String

    /// Makes links.
    package init(
        agent: @escaping @Sendable (String) -> String, tool: @escaping @Sendable (String, String) -> String
    ) {
        self.agent = agent
        self.tool = tool
    }

    /// The addresses of a row's cells, by their columns' titles.
    func targets(of cells: [Table.Cell], _ columns: [Table.Column]) -> [String: String] {
        let names = Dictionary(
            zip(columns, cells).compactMap { column, cell in
                cell.prose.name.map { (column.title, $0) }
            }, uniquingKeysWith: { first, _ in first })
        var targets: [String: String] = [:]
        if let name = names["agent"] { targets["agent"] = agent(name) }
        if let name = names["tool"], let server = names["server"] { targets["tool"] = tool(server, name) }
        return targets
    }
}

extension Prose {
    /// The one name that this is about; nil where there is none.
    fileprivate var name: String? {
        spans.lazy.compactMap { if case .name(let text) = $0 { text } else { nil } }.first
    }
}

/// The style of a page's parts, light, dark and on paper.
package enum ReportStyle {
    /// The style sheet.
    package static var css: String { PageStyle.css }
}

/// A report as a part of a page: its sentence, figures, tables and charts, without a page's head and foot.
package enum ReportFragment {
    /// Renders a report.
    ///
    /// - Throws: `ReportError` where it cannot be put together.
    package static func html(_ report: some Report, links: PageLinks) throws(ReportError) -> HTML {
        guard let report = report as? any DocumentedReport else {
            throw ReportError(.internal, "this report has no page")
        }
        return try PageRenderer(link: links).fragment(report.document)
    }
}
