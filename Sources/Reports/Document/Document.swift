/// A report as headings, sentences, tables and charts, before it is text, Markdown or a page.
///
/// What a report says, in which order and in which words, is decided once, here; the renderers only know forms.
struct Document: Sendable {
    /// `tollgate weekly report · 2026-W47`.
    var title: String
    /// The period in words.
    var subtitle: Prose
    /// The one sentence that stays when nothing else is read.
    var verdict: Prose
    var tone: Tone
    var blocks: [Block]
    var footer: [Prose]
}

/// One part of a document.
enum Block: Sendable {
    case section(Section)
    case paragraph(Prose, Tone)
    case tiles([Tile])
    case table(Table)
    case chart(Chart)
    case card(Card)
    case list([Prose])
    case definitions([(term: String, meaning: Prose)])
    case code(id: String?, caption: Prose, text: String)
}

/// A heading with what belongs under it.
struct Section: Sendable {
    /// The anchor, `agents`.
    var id: String
    var title: String
    /// What the section answers, in one sentence.
    var lead: Prose
    var blocks: [Block]
    /// For looking things up: a terminal only names it.
    var isReference = false
}

/// One headline figure.
struct Tile: Sendable {
    var label: String
    var value: String
    var note: Prose
    var tone: Tone = .plain
}

/// One incident: a heading, facts, sentences and a chart that belong together.
struct Card: Sendable {
    var title: Prose
    var badge: String
    var tone: Tone
    var facts: [(label: String, value: Prose)]
    var blocks: [Block]
    /// Whether its facts are sentences, which take a line each.
    var isWide = false
}

/// A table of figures.
struct Table: Sendable {
    struct Column: Sendable {
        var title: String
        var isNumber = false
        /// Whether a terminal may cut its cells.
        var isName = false
        /// Order in which a narrow terminal leaves columns out; 0 never.
        var dropOrder = 0

        static func name(_ title: String, drop: Int = 0) -> Column {
            Column(title: title, isName: true, dropOrder: drop)
        }

        static func number(_ title: String, drop: Int = 0) -> Column {
            Column(title: title, isNumber: true, dropOrder: drop)
        }

        static func text(_ title: String, drop: Int = 0) -> Column {
            Column(title: title, dropOrder: drop)
        }
    }

    struct Cell: Sendable, ExpressibleByStringInterpolation {
        var prose: Prose
        var tone: Tone = .plain
        /// Values for a sparkline instead of words; the prose is its text alternative.
        var spark: [Int] = []

        init(_ prose: Prose, _ tone: Tone = .plain) {
            self.prose = prose
            self.tone = tone
        }

        init(stringLiteral value: String) {
            prose = Prose(stringLiteral: value)
        }

        static func name(_ text: String, _ tone: Tone = .plain) -> Cell {
            Cell("\(name: text)", tone)
        }

        /// A count; zeros are quiet.
        static func count(_ value: Int, _ tone: Tone = .plain) -> Cell {
            Cell("\(value)", value == 0 ? .quiet : tone)
        }

        static func spark(_ values: [Int], _ alternative: Prose) -> Cell {
            var cell = Cell(alternative)
            cell.spark = values
            return cell
        }
    }

    var caption: String
    var columns: [Column]
    var rows: [[Cell]]
    /// Said in place of an empty table.
    var empty: Prose
    /// Said below a table that shows only its first rows.
    var more: Prose = ""
    /// The query in the appendix that gives the same figures.
    var query: String?
}
