/// Lines of a screen as what a terminal has to be sent: only those that have changed.
public struct ScreenPainter: Sendable {
    private var shown: [String]?

    /// A painter of a screen that shows anything.
    public init() {}

    /// Forgets what the terminal shows: the next drawing is whole.
    public mutating func forget() { shown = nil }

    /// What makes a terminal show these lines, from its first one on.
    ///
    /// Each line is no wider than the terminal; there are no more than it has.
    public mutating func paint(_ lines: [String]) -> String {
        var text = shown == nil ? "\u{1B}[H\u{1B}[2J" : ""
        for (index, line) in lines.enumerated() where shown.map({ index >= $0.count || $0[index] != line }) ?? true {
            // Cleared first: behind a line as wide as the terminal its last cell would be cleared.
            text += "\u{1B}[\(index + 1);1H\u{1B}[2K\(line)"
        }
        if let shown, shown.count > lines.count { text += "\u{1B}[\(lines.count + 1);1H\u{1B}[J" }
        shown = lines
        return text
    }
}
