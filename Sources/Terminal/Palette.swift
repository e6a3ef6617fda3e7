/// An ink that text can be painted with; the sixteen colours every terminal theme defines, so that light and dark both work.
public enum Ink: Sendable, Equatable {
    /// The terminal's own.
    case plain
    /// For what matters least.
    case dim
    /// For headings.
    case bold
    /// For what is fine again.
    case green
    /// For what was throttled or held.
    case yellow
    /// For what was denied or broke.
    case red
    /// For a page: somebody has to look now.
    case alarm
    /// For names of note.
    case cyan
    /// Ink and ground exchanged, for the line that keys act on.
    case reverse

    fileprivate var code: String {
        switch self {
        case .plain: ""
        case .dim: "2"
        case .bold: "1"
        case .green: "32"
        case .yellow: "33"
        case .red: "31"
        case .alarm: "1;31"
        case .cyan: "36"
        case .reverse: "7"
        }
    }
}

/// Paints text where colours are wanted and leaves it alone elsewhere.
///
/// Ink only repeats what the words say: nothing is told by colour alone.
public struct Palette: Sendable, Equatable {
    /// Whether anything is painted.
    public var usesColour: Bool

    /// Makes a palette.
    public init(usesColour: Bool) {
        self.usesColour = usesColour
    }

    /// No colours.
    public static let none = Palette(usesColour: false)

    /// The text in an ink.
    public func paint(_ text: String, _ ink: Ink) -> String {
        guard usesColour, ink != .plain, !text.isEmpty else { return text }
        return "\u{1B}[\(ink.code)m\(text)\u{1B}[0m"
    }
}
