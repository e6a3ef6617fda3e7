import Events

/// Rows as lines that fit the terminal.
///
/// From 110 cells on every part has a column; below, reason, rate and duration share the last one. Names' columns grow with
/// the names seen and never shrink, so that lines stay straight.
struct TailLayout {
    private static let wide = 110
    private static let gap = "  "

    let display: Display
    private let palette: Palette
    private var agentWidth = 8
    private var targetWidth = 16
    private var referenceWidth = 0

    init(display: Display) {
        self.display = display
        palette = Palette(usesColour: display.usesColour)
    }

    /// A decision's line, without its newline.
    mutating func line(_ row: TailRow) -> String {
        let time = head(row.moment, row.reference)
        let columns = (display.columns ?? 160) - (referenceWidth > 0 ? referenceWidth + TailLayout.gap.count : 0)
        let isWide = columns >= TailLayout.wide
        let room = max(columns - 8 - 8 - 3 * TailLayout.gap.count, 6)
        let agentCap = min(isWide ? 24 : 14, room * 2 / 5)
        let targetCap = min(max(16, columns / (isWide ? 3 : 4)), room - agentCap)
        agentWidth = min(max(agentWidth, DisplayWidth.of(row.agent)), agentCap)
        targetWidth = min(max(targetWidth, DisplayWidth.of(row.target)), targetCap)
        // A pipe has no width to fit: there names are padded but never cut.
        let agent = display.columns == nil ? row.agent : DisplayWidth.truncate(row.agent, to: agentWidth)
        let target = display.columns == nil ? row.target : DisplayWidth.truncate(row.target, to: targetWidth)
        let figures = [(row.rate, row.rateInk), (row.duration, row.durationInk)]
        let why = [row.repeats, row.why].filter { !$0.isEmpty }.joined(separator: " · ")
        // Where there is no room for all, that a line stands for many comes first.
        let parts =
            isWide ? fixed(figures) + [(why, row.ink)] : [(row.repeats, row.ink)] + figures + [(row.why, row.ink)]
        let used = DisplayWidth.of(time) + agentWidth + targetWidth + 8 + 3 * TailLayout.gap.count
        let rest = rest(parts, room: display.columns.map { $0 - used })
        let head = [
            palette.paint(time, .dim),
            DisplayWidth.pad(agent, to: agentWidth),
            DisplayWidth.pad(target, to: targetWidth),
            palette.paint(rest.isEmpty ? row.verdict : DisplayWidth.pad(row.verdict, to: 8), row.ink),
        ]
        return head.joined(separator: TailLayout.gap) + rest
    }

    /// Any other line: a time, then text in one ink.
    ///
    /// Never cut: an alert is read to its end, and such lines are not rewritten.
    mutating func line(_ text: String, ink: Ink, at moment: Timestamp, _ reference: String = "") -> String {
        palette.paint(head(moment, reference), .dim) + TailLayout.gap + palette.paint(text, ink)
    }

    /// A line across: a day's name, `… 312 skipped`.
    func rule(_ text: String) -> String {
        palette.paint(text, .dim)
    }

    /// Rate and duration padded to columns, so that reasons stand under each other.
    private func fixed(_ parts: [(String, Ink)]) -> [(String, Ink)] {
        zip(parts, [12, 8]).map { (DisplayWidth.pad($0.0, to: $1, right: $1 == 8), $0.1) }
    }

    private func rest(_ parts: [(String, Ink)], room: Int?) -> String {
        var text = ""
        var left = room
        var owed = ""
        for (part, ink) in parts where !part.isEmpty {
            let gap = owed + TailLayout.gap
            guard !part.allSatisfy({ $0 == " " }) else {
                owed = gap + part
                continue
            }
            let space = left.map { $0 - gap.count }
            if let space, space < 2 { break }
            let shown = space.map { DisplayWidth.truncate(part, to: $0) } ?? part
            text += gap + palette.paint(shown, ink)
            left = space.map { $0 - DisplayWidth.of(shown) }
            owed = ""
        }
        return text
    }

    /// The time, and the record's reference where one is asked for.
    private mutating func head(_ moment: Timestamp, _ reference: String) -> String {
        guard !reference.isEmpty else { return time(moment) }
        referenceWidth = max(referenceWidth, DisplayWidth.of(reference))
        return time(moment) + TailLayout.gap + DisplayWidth.pad(reference, to: referenceWidth)
    }

    private func time(_ moment: Timestamp) -> String {
        display.isTerminal ? Words.time(moment) : String(moment.description.prefix(19)) + "Z"
    }
}
