/// Makes text from records harmless to show: names are chosen by callers, and a terminal obeys what it prints.
public enum VisibleText {
    /// The text with every control, format, separator and private-use character written as an escape (`\x1b`, `\u{202e}`).
    ///
    /// Control characters move the cursor or repaint the screen; format characters reverse a line's direction or hide
    /// parts of it (Unicode Technical Report 36, "bidirectional text spoofing"). A combining mark is escaped as well where
    /// it follows nothing or one of `< > & " '`: there it would join the character before it into one that escapes for
    /// markup do not recognise.
    public static func of(_ text: String) -> String {
        guard !text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) else { return text }
        var result = ""
        var bare = true
        for scalar in text.unicodeScalars {
            let category = scalar.properties.generalCategory
            if hides(category) || (bare && joins(category)) {
                result += escape(scalar)
                bare = false
            } else {
                result.unicodeScalars.append(scalar)
                bare = "<>&\"'".unicodeScalars.contains(scalar)
            }
        }
        return result
    }

    private static func hides(_ category: Unicode.GeneralCategory) -> Bool {
        switch category {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: true
        default: false
        }
    }

    private static func joins(_ category: Unicode.GeneralCategory) -> Bool {
        switch category {
        case .nonspacingMark, .enclosingMark, .spacingMark: true
        default: false
        }
    }

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\n": return "\\n"
        case "\r": return "\\r"
        case "\t": return "\\t"
        default:
            let digits = String(scalar.value, radix: 16)
            return scalar.value < 0x100
                ? "\\x" + String(repeating: "0", count: 2 - digits.count) + digits : "\\u{\(digits)}"
        }
    }
}
