/// A line of the screen in parts of several inks.
struct StyledLine: Sendable, Equatable {
    private var parts: [(text: String, ink: Ink)] = []

    init() {}

    init(_ text: String, _ ink: Ink = .plain) {
        add(text, ink)
    }

    static func == (a: StyledLine, b: StyledLine) -> Bool {
        a.parts.elementsEqual(b.parts) { $0 == $1 }
    }

    /// Cells that it takes.
    var width: Int { parts.reduce(0) { $0 + DisplayWidth.of($1.text) } }

    /// Adds text, made harmless to show.
    mutating func add(_ text: String, _ ink: Ink = .plain) {
        guard !text.isEmpty else { return }
        parts.append((VisibleText.of(text), ink))
    }

    /// Adds another line's parts.
    mutating func append(_ line: StyledLine) {
        parts += line.parts
    }

    /// Adds what stands behind a separator where something stands before it.
    mutating func add(after separator: String, _ text: String, _ ink: Ink = .plain) {
        guard !text.isEmpty else { return }
        if !parts.isEmpty { add(separator, .dim) }
        add(text, ink)
    }

    /// The line in at most so many cells.
    ///
    /// - Parameter selected: painted as one, over its whole width.
    func render(width: Int, _ palette: Palette, selected: Bool = false) -> String {
        if selected {
            let text = parts.map(\.text).joined()
            return palette.paint(DisplayWidth.pad(DisplayWidth.truncate(text, to: width), to: width), .reverse)
        }
        guard self.width > width else { return parts.map { palette.paint($0.text, $0.ink) }.joined() }
        var line = ""
        var left = width
        for part in parts {
            let cells = DisplayWidth.of(part.text)
            guard cells < left else {
                // Longer than what is left, so that the sign of a cut stands at the edge also between two parts.
                return line + palette.paint(DisplayWidth.truncate(part.text + "  ", to: left), part.ink)
            }
            line += palette.paint(part.text, part.ink)
            left -= cells
        }
        return line
    }
}
