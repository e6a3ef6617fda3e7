import Foundation
public import Terminal

/// The forms in which a report is handed out.
public enum ReportFormat: String, Sendable, CaseIterable {
    /// For a terminal.
    case text
    /// For a chat or a wiki.
    case markdown = "md"
    /// One file for a browser or a mail, with nothing loaded from anywhere.
    case html
    /// For programs: every figure of the report.
    case json
    /// For spreadsheets: the report's one table.
    case csv
}

/// A report's figures, which become text, Markdown, a page or JSON.
///
/// The same figures give the same bytes: nothing in here looks at a clock, a locale or an environment.
public protocol Report: Sendable {
    /// What a form that has figures only, as CSV has, leaves out and its reader must know: rejected lines, gaps, what was
    /// deleted; nil where nothing is.
    var caveat: String? { get }

    /// Every figure as JSON with sorted keys, ending in a newline.
    func json() throws(ReportError) -> String

    /// The report in a form, ending in a newline.
    ///
    /// - Parameters:
    ///   - format: the form.
    ///   - width: for text, cells in a line; nil for no limit.
    ///   - palette: for text, colours.
    /// - Throws: `ReportError` where this report does not have that form.
    func rendered(as format: ReportFormat, width: Int?, palette: Palette) throws(ReportError) -> String
}

extension Report {
    /// The report in a form, without colours or limits of width.
    public func rendered(as format: ReportFormat) throws(ReportError) -> String {
        try rendered(as: format, width: nil, palette: .none)
    }
}

/// A report as the renderers need it.
protocol DocumentedReport: Report, Encodable {
    var coverage: CoverageFigures { get }
    var document: Document { get }
    /// The report's one table for spreadsheets; nil where it has many.
    var csv: CSV? { get }
    /// How to ask for what `csv` is refused for.
    static var csvHint: String { get }
}

extension DocumentedReport {
    /// What a form that has figures only leaves out; nil where nothing is.
    public var caveat: String? { CoverageBlocks.caveat(coverage) }

    func encoded() throws(ReportError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        do {
            return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
        } catch {
            throw ReportError(.internal, "a figure could not be written as JSON")
        }
    }

    func written(as format: ReportFormat, width: Int?, palette: Palette) throws(ReportError) -> String {
        switch format {
        case .text: return TextRenderer(width: width, palette: palette).render(document)
        case .markdown: return MarkdownRenderer().render(document)
        case .html: return try PageRenderer().render(document)
        case .json: return try encoded()
        case .csv:
            guard let csv else { throw ReportError(.usage, "this report has no CSV form", hint: Self.csvHint) }
            return csv.text
        }
    }
}
