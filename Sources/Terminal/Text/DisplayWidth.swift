/// How many cells of a terminal a text takes.
///
/// A grapheme cluster takes two cells where it is wide in Unicode Standard Annex 11 or shown as an emoji, none where it is
/// a mark alone, else one. Terminals differ at the edges; tables only need to be straight for the names people really use.
public enum DisplayWidth {
    /// Cells of a text, without escapes for colour.
    public static func of(_ text: some StringProtocol) -> Int {
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return text.utf8.count }
        return text.reduce(0) { $0 + of($1) }
    }

    /// Cells of one grapheme cluster.
    public static func of(_ character: Character) -> Int {
        guard let first = character.unicodeScalars.first else { return 0 }
        if first.isASCII { return first.value >= 0x20 && first.value != 0x7F ? 1 : 0 }
        switch first.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format, .control: return 0
        default: break
        }
        if first.properties.isEmojiPresentation { return 2 }
        if character.unicodeScalars.contains("\u{FE0F}") { return 2 }
        return wide.contains { $0.contains(first.value) } ? 2 : 1
    }

    /// The text cut to at most `cells` cells, its end replaced by `…` where anything was cut.
    public static func truncate(_ text: String, to cells: Int) -> String {
        guard of(text) > cells else { return text }
        guard cells > 0 else { return "" }
        var kept = ""
        var width = 0
        for character in text {
            let next = of(character)
            guard width + next <= cells - 1 else { break }
            kept.append(character)
            width += next
        }
        return kept + "…"
    }

    /// The text filled with spaces up to `cells` cells, on the right or, for numbers, on the left.
    public static func pad(_ text: String, to cells: Int, right: Bool = false) -> String {
        let gap = cells - of(text)
        guard gap > 0 else { return text }
        let spaces = String(repeating: " ", count: gap)
        return right ? spaces + text : text + spaces
    }

    /// Blocks that UAX 11 calls Wide or Fullwidth, merged across small neutral gaps.
    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2329...0x232A, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF,
        0xA000...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F,
        0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x16FE0...0x18DFF, 0x1AFF0...0x1B2FF, 0x1F200...0x1F265,
        0x20000...0x2FFFD, 0x30000...0x3FFFD,
    ]
}
