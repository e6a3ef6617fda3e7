/// Small rules of setting text in a page.
enum Typography {
    private static let units: Set<Substring> = ["%", "s", "ms", "µs", "min", "h", "d"]

    /// Keeps a number and its unit on one line: `12 min 50 s`, `3.8 %`.
    static func bound(_ text: String) -> String {
        var words = text.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count > 1 else { return text }
        var result = String(words.removeFirst())
        for word in words {
            let isUnit =
                units.contains(Substring(word.prefix { $0 == "%" || $0.isLetter })) && result.last?.isNumber == true
            let isNext = word.first?.isNumber == true && endsWithUnit(result)
            result += (isUnit || isNext ? "\u{A0}" : " ") + word
        }
        return result
    }

    /// Whether a text ends in a number with its unit, already bound.
    private static func endsWithUnit(_ text: String) -> Bool {
        guard let space = text.lastIndex(of: "\u{A0}") else { return false }
        let unit = text[text.index(after: space)...]
        return unit != "%" && units.contains(unit)
    }
}
